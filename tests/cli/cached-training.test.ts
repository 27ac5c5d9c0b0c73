import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Plan } from '../../src/data/planning/plan.ts';
import { readMetadata } from '../../src/tensors/safetensors.ts';
import { archc, expectError, json, temporaryFolder } from './archc.ts';
import { TINY, writeDataset, writeTinyPlan } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const data = writeDataset(inFolder('data'));
const plan = writeTinyPlan(inFolder('plan.json'), data);

async function cacheOf(name: string, planFile = plan): Promise<string> {
  const { code, stderr } = await archc(
    ...['data', 'preprocess', data, '--output', inFolder(name), '--plan', planFile],
  );
  expect(code, stderr).toBe(0);
  return inFolder(name);
}

const cache = await cacheOf('cache');

const set = (settings: Readonly<Record<string, string>>) =>
  Object.entries(settings).flatMap(([key, value]) => ['--set', `train.${key}=${value}`]);
/** A third of each batch shows foreground. */
const train = (output: string, ...more: string[]) =>
  archc(
    ...['train', TINY, '--data', cache, '--output', inFolder(output), '--backend', 'cpu'],
    ...set({ foreground: '0.33', batch: '3' }),
    ...more,
  );
const bytesOf = (run: string, name = 'weights.safetensors') => readFileSync(inFolder(`${run}/${name}`));
const runOf = (run: string) => JSON.parse(readFileSync(inFolder(`${run}/run.json`), 'utf8')) as object;

test('a run on preprocessed cases: its weights say how they were made, and no remark is made of raw data', async () => {
  const result = await train('whole', '--json', ...set({ validate: '6', holdout: '["b"]' }));
  expect(result.code, result.stderr).toBe(0);
  const report = json(result);
  expect(report).toMatchObject({ finished: true, steps: 12, remarks: [] });
  expect(report['validation']).toMatchObject({ held_back: ['b'], validations: [{ step: 6 }, { step: 12 }] });
  const { channels, classes, transpose_forward, normalisation, plan_2d } = JSON.parse(
    readFileSync(plan, 'utf8'),
  ) as Plan;
  expect(JSON.parse(readMetadata(inFolder('whole/weights.safetensors'))['trained_on'])).toEqual({
    ...{ channels, classes },
    plan: { transpose_forward, normalisation, plan_2d: { spacing: plan_2d.spacing } },
  });
  expect(runOf('whole')).toMatchObject({ status: 'finished', data: { path: cache, cases: 3 } });
});
