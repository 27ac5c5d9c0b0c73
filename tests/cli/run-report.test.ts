import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPlan } from '../../src/data/planning/plan-file.ts';
import { eventFiles } from '../../src/report/event-names.ts';
import { archc, archcWatching, expectError, expectFailure, temporaryFolder, tree } from './archc.ts';
import { readEvents, readScalars } from './events.ts';
import { TINY, writeDataset, writeImage, writeTinyPlan } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const data = writeDataset(inFolder('data'));
const cache = inFolder('cache');
await archc(
  ...['data', 'preprocess', data, '--output', cache, '--plan', writeTinyPlan(inFolder('plan.json'), data)],
);

const train = (output: string, from: string, settings: Record<string, string>, ...more: string[]) =>
  archc(
    ...['train', TINY, '--data', from, '--output', inFolder(output), '--backend', 'cpu'],
    ...Object.entries(settings).flatMap(([key, value]) => ['--set', `train.${key}=${value}`]),
    ...more,
  );
const pageOf = (run: string) => readFileSync(inFolder(`${run}/report.html`), 'utf8');
const picturesOf = (run: string) => {
  const names = tree(inFolder(run)).filter((name) => name.startsWith('pictures/validation/'));
  return Object.fromEntries(
    names.map((name) => [name, name.endsWith('/') ? '' : readFileSync(inFolder(`${run}/${name}`), 'latin1')]),
  );
};
const statusOf = (html: string) => /<strong class="\w+">(\w+)</.exec(html)![1];

const often = { validate: '1', steps: '20', holdout: '["a", "c"]' };

test.each([
  ['raw', data],
  ['preprocessed', cache],
])(
  'pictures of held-back %s cases: thinned, and the same where a run was interrupted',
  async (name, from) => {
    const [whole, broken] = [`whole-${name}`, `broken-${name}`];
    expect((await train(whole, from, often)).code).toBe(0);
    const found = picturesOf(whole);
    // Each 2nd of 20, and the first: 11 of each case.
    const steps = [1, ...Array.from({ length: 10 }, (_, i) => 2 * (i + 1))];
    expect(Object.keys(found).filter((file) => file.endsWith('.png'))).toEqual(
      ['a', 'c'].flatMap((id) =>
        steps.map((step) => `pictures/validation/${id}_step${String(step).padStart(6, '0')}.png`),
      ),
    );
    // The prediction changes as training goes on.
    expect(new Set(Object.values(found)).size).toBe(Object.keys(found).length);
    let told = 0;
    const stopAt = (text: string) => {
      if (text.includes('validation loss') && ++told === 8) process.emit('SIGINT');
    };
    const args = Object.entries(often).flatMap(([key, value]) => ['--set', `train.${key}=${value}`]);
    const run = ['train', TINY, '--data', from, '--output', inFolder(broken), '--backend', 'cpu', ...args];
    expect((await archcWatching(stopAt, ...run, '--tensorboard')).code).toBe(130);
    expect(statusOf(pageOf(broken))).toBe('stopped');
    // As a process that was killed after a validation beyond its checkpoint leaves it.
    writeFileSync(inFolder(`${broken}/pictures/validation/a_step000019.png`), 'half');
    expect((await train(broken, from, often, '--resume')).code).toBe(0);
    expect(picturesOf(broken)).toEqual(found);
    const events = readScalars(inFolder(broken));
    expect(events['validation/score'].map(([step]) => step)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    for (const file of ['loss.svg', 'validation.svg', 'learning_rate.svg', 'weights.safetensors'])
      expect(readFileSync(inFolder(`${broken}/${file}`))).toEqual(readFileSync(inFolder(`${whole}/${file}`)));
  },
);

test('the page of a run tells all of it, and needs nothing else', async () => {
  // The name of a folder is text, too.
  const run = 'a <b>run</b>';
  const result = await train(run, data, { validate: '5', holdout: '["a"]' }, '--seed', '7', '--test');
  expect(result.code).toBe(0);
  const html = pageOf(run);
  expect(statusOf(html)).toBe('finished');
  for (const text of [
    ...[
      '12 of 12 steps',
      'best pseudo-Dice',
      'CPU',
      '<td>optimizer.kind</td><td>adamw</td>',
      '<td>seed</td><td>7</td>',
    ],
    ...[
      '<td>labels</td><td>0 background, 1 disc, 2 rim</td>',
      '<td>held back</td><td>a</td>',
      '<th>2 rim</th>',
    ],
    ...['a &lt;b&gt;run&lt;/b&gt;', '--seed 7', 'model Tiny(', 'block Conv2d', '<td>width</td><td>8</td>'],
    ...['<h3>a</h3>', '<figcaption>step 5</figcaption>', 'Mean DSC of all labels', '<td>disc</td>'],
    ...['<a href="weights.safetensors">', '<a href="pictures/validation/">', 'Node 2'],
  ])
    expect(html, text).toContain(text);
  expect(html).not.toMatch(/<script|<link|\bsrc="(?!data:)|Plan of/);
  for (const [, href] of html.matchAll(/href="([^"]*)"/g))
    expect(existsSync(inFolder(`${run}/${decodeURIComponent(href)}`)), href).toBe(true);
  // Every file of the folder is told of.
  const top = tree(inFolder(run)).filter((name) => /^[^/]+\/?$/.test(name));
  for (const name of top.filter((name) => name !== 'report.html'))
    expect(html).toContain(`<a href="${name}">`);
  // A finished run without a page, as of an older archc, gets one.
  rmSync(inFolder(`${run}/report.html`));
  expect((await train(run, data, { validate: '5', holdout: '["a"]' }, '--resume')).stderr).toContain(
    'is finished',
  );
  expect(statusOf(pageOf(run))).toBe('finished');
});

test("a classifier's page has the accuracy of each class, and no pictures", async () => {
  const spec = inFolder('sorter.arch');
  writeFileSync(spec, SORTER);
  for (const [at, name] of ['dark', 'light'].entries()) {
    for (let i = 0; i < 4; i++) {
      const path = inFolder(`classes/${i === 3 ? 'test' : 'train'}/${name}/${i}.png`);
      writeImage(path, 16 + 14 * at, 16 + 8 * i, 10 * at + i);
    }
  }
  const args = ['train', spec, '--data', inFolder('classes'), '--output', inFolder('sorted'), '--test'];
  expect((await archc(...args, '--backend', 'cpu')).code).toBe(0);
  const html = pageOf('sorted');
  for (const text of ['Accuracy on 2 images', '<th>0 dark</th><th>1 light</th>', 'test/light/3.png'])
    expect(html).toContain(text);
  expect(html).not.toContain('Held-back cases');
  expect(tree(inFolder('sorted'))).not.toContain('pictures/');
  expect(readFileSync(inFolder('sorted/validation.svg'), 'utf8')).toContain('1 light');
});

test('the page is there while a run trains, and of one that failed after a checkpoint', async () => {
  const seen: string[] = [];
  const look = (text: string) => {
    if (text.includes('step 2: validation loss')) seen.push(statusOf(pageOf('watched')));
  };
  const args = ['train', TINY, '--data', data, '--output', inFolder('watched'), '--backend', 'cpu'];
  await archcWatching(look, ...args, '--set', 'train.validate=1', '--steps', '2');
  expect(seen).toEqual(['running']);
  const diverging = ['--section', 'Diverging', '--checkpoint-every', '1'];
  expectFailure(await train('failed', data, {}, ...diverging), 'loss-not-finite');
  expect(statusOf(pageOf('failed'))).toBe('failed');
  expect(pageOf('failed')).toMatch(/· [1-9]\d* of 12 steps/);
});

test('a run that fails without a checkpoint leaves nothing of what it tells', async () => {
  mkdirSync(inFolder('mine'));
  writeFileSync(inFolder('mine/notes.txt'), 'mine');
  const more = ['--section', 'Diverging', '--tensorboard'];
  expect((await train('mine', data, { validate: '5' }, ...more)).code).toBe(1);
  expect(tree(inFolder('mine'))).toEqual(['notes.txt']);
});

test('a run on preprocessed data predicts elsewhere, without them', async () => {
  const own = inFolder('own-cache');
  cpSync(cache, own, { recursive: true });
  expect((await train('planned', own, { validate: '6', holdout: '["b"]' })).code).toBe(0);
  expect(readPlan(inFolder('planned/plan.json'))).toEqual(readPlan(join(own, 'plan.json')));
  expect(pageOf('planned')).toContain('<td>transpose_forward</td><td>&lt;0, 1, 2&gt;</td>');
  const predict = (run: string, output: string, ...more: string[]) =>
    archc(
      ...[
        'predict',
        run,
        '--input',
        join(data, 'imagesTs'),
        '--output',
        inFolder(output),
        '--backend',
        'cpu',
      ],
      ...more,
    );
  expect((await predict(inFolder('planned'), 'here')).code).toBe(0);
  const moved = join(temporaryFolder(), 'moved');
  renameSync(inFolder('planned'), moved);
  rmSync(own, { recursive: true });
  expect((await predict(moved, 'there')).code).toBe(0);
  expect((await predict(moved, 'there-best', '--best')).code).toBe(0);
  for (const name of ['e.png', 'f.png'])
    expect(readFileSync(inFolder(`there/${name}`))).toEqual(readFileSync(inFolder(`here/${name}`)));
  // The plan that it keeps is one.
  const again = [
    'data',
    'preprocess',
    data,
    '--output',
    inFolder('again'),
    '--plan',
    join(moved, 'plan.json'),
  ];
  expect((await archc(...again)).code).toBe(0);
});

test('--tensorboard writes scalars, which go on where the run does', async () => {
  const settings = { validate: '3', schedule: 'constant' };
  expect((await train('board', data, settings, '--steps', '7', '--tensorboard')).code).toBe(0);
  const lines = readFileSync(inFolder('board/losses.jsonl'), 'utf8').trimEnd().split('\n');
  const told = lines
    .map((line) => JSON.parse(line) as Record<string, number>)
    .filter((line) => 'loss' in line);
  const expected = (key: string) => told.map((line) => [line['step'], Math.fround(line[key])]);
  const scalars = readScalars(inFolder('board'));
  expect(Object.keys(scalars)).toEqual([
    ...['train/loss', 'learning_rate', 'gradient_norm', 'validation/loss', 'validation/score'],
  ]);
  expect(scalars['train/loss']).toEqual(expected('loss'));
  expect(scalars['learning_rate']).toEqual(expected('learning_rate'));
  expect(scalars['gradient_norm']).toEqual(expected('gradient_norm'));
  expect(scalars['validation/loss'].map(([step]) => step)).toEqual([3, 6]);
  // Whoever forgets to ask again need not.
  expect((await train('board', data, settings, '--steps', '12', '--resume')).code).toBe(0);
  expect(eventFiles(inFolder('board')).length).toBe(2);
  expect(readEvents(inFolder('board')).filter(({ sessionLog }) => sessionLog)).toMatchObject([{ step: 8 }]);
  expect((await train('board-whole', data, settings, '--steps', '12')).code).toBe(0);
  expect(eventFiles(inFolder('board-whole'))).toEqual([]);
  // Asked for later, they hold what was before.
  await train('board-whole', data, settings, '--steps', '13', '--resume', '--tensorboard');
  const late = readScalars(inFolder('board-whole'));
  for (const [tag, points] of Object.entries(readScalars(inFolder('board'))))
    expect(late[tag].slice(0, points.length)).toEqual(points);
  expect(late['train/loss'].length).toBe(13);
});

test('a folder in which another process trains stays as it is', async () => {
  expect((await train('held', data, often, '--steps', '4', '--tensorboard')).code).toBe(0);
  const lock = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  writeFileSync(inFolder('held/run.lock'), JSON.stringify(lock));
  const all = () =>
    tree(inFolder('held')).map((name) => [name, name.endsWith('/') ? '' : bytesOf(`held/${name}`)]);
  const before = all();
  expectError(await train('held', data, often, '--steps', '8', '--resume', '--tensorboard'), 'run-in-use');
  expect(all()).toEqual(before);
});

const bytesOf = (file: string) => readFileSync(inFolder(file), 'latin1');

const SORTER = `import { Conv2d } from "archc/lib/nn.arch"

model Sorter() {
  input image: [B, 3, 16, 16]
  stem = Conv2d(3, 4, 3, padding: 1)
  head = Conv2d(4, 2, 1)
  forward { y = head(silu(stem(image))) }
  output logits: [B, 2] = mean(y, axes: [2, 3])
}
train Sort for Sorter {
  loss = cross_entropy
  optimizer = adamw(lr: 2e-2)
  batch = 2
  steps = 4
  validate = 2
}
`;
