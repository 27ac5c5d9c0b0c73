import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resultsPage } from '../../docs/results/page.ts';
import { resultsOf } from '../../docs/results/runs.ts';
import { type Study, studies } from '../../docs/results/studies.ts';
import { openDataset } from '../../src/data/dataset.ts';
import { openModel } from '../../src/files/open.ts';
import { temporaryFolder } from './archc.ts';
import { TINY, writeDataset, writeTinyPlan } from './tiny.ts';

const folder = temporaryFolder();

test.each(
  studies.flatMap((study) => study.rows.map((row) => [`${study.name} ${row.name}`, study, row] as const)),
)(
  'the results of %s are those of a network for the data set, chosen on cases that are held back',
  (_, study, row) => {
    const { channels, classes, test: cases } = openDataset(study.data);
    const { inputs, outputs, train } = openModel(row.spec, { training: true });
    expect(inputs[0].shape[1]).toBe(channels.length);
    expect(outputs[0].dims[1].size).toBe(classes.length);
    const section = train.find(({ name }) => name === (row.section ?? train[0].name));
    expect(section?.validate).toBeGreaterThan(0);
    expect(section?.holdout).not.toBe(0);
    expect(cases.filter(({ id }) => id.startsWith(study.cases ?? '')).length).toBeGreaterThan(10);
  },
);

test('the script trains, goes on, predicts and judges, and the page says by which commands and with what scores', () => {
  const data = writeDataset(join(folder, 'data'));
  const cache = join(folder, 'discs/preprocessed');
  mkdirSync(cache, { recursive: true });
  writeTinyPlan(join(cache, 'plan.json'), data);
  const study: Study = {
    ...{ name: 'discs', title: 'Discs', about: 'Made of noise.', data, preprocess: true, metric: 'f1' },
    rows: [
      {
        ...{ name: 'tiny', title: 'Tiny', spec: TINY },
        train: ['--steps', '4', '--set', 'train.validate=2', '--set', 'train.holdout=0.25'],
      },
    ],
    evaluate: ['--metrics', 'dsc,f1', '--instance-label', 'disc', '--instance-boundary', 'rim'],
  };
  const [first] = resultsOf(study, folder);
  const [again] = resultsOf(study, folder);
  expect(again.scores).toEqual(first.scores);
  expect(again.runs).toEqual(first.runs);
  expect(first.runs).toMatchObject([{ steps: 4, seed: 0, best: {} }]);
  const page = resultsPage([{ study, rows: [first] }], 'this machine');
  expect(page).toContain(`npx archc train ${TINY} --data ${cache} --steps 4`);
  expect(page).toContain(`mean F1 of instances ${first.scores.mean['f1'].toFixed(4)}`);
  expect(page).toMatch(/\| DSC \| disc \| 0\.\d{4} ± 0\.\d{4} \| 2 \|/);
  expect(page).toContain('#### F1 of instances');
});
