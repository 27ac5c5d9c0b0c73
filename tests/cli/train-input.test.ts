import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { writeLabelMap, writePng } from '../../src/data/png.ts';
import { readSafetensors, writeSafetensors } from '../../src/tensors/safetensors.ts';
import { archc, expectError, json, temporaryFolder, tree } from './archc.ts';
import { TINY, writeDataset, writeDatasetJson, writeImage, writeWeights } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const data = writeDataset(inFolder('data'));
const finished = inFolder('finished');

const train = (from: string, output: string, ...more: string[]) =>
  archc('train', TINY, '--data', from, '--output', output, ...more);

beforeAll(async () => {
  const result = await train(data, finished, '--steps', '2');
  expect(result.code).toBe(0);
});

const spoil: [string, string, (path: string) => void, RegExp][] = [
  [
    'a missing folder',
    'file-not-found',
    (path) => rmSync(path, { recursive: true }),
    /dataset\.json: no such file/,
  ],
  ['no dataset.json', 'file-not-found', (path) => rmSync(join(path, 'dataset.json')), /dataset\.json/],
  [
    'a broken dataset.json',
    'bad-dataset',
    (path) => writeFileSync(join(path, 'dataset.json'), '{'),
    /not JSON/,
  ],
  [
    'a text file for an image',
    'bad-png',
    (path) => writeFileSync(join(path, 'imagesTr/b_0000.png'), 'not an image'),
    /b_0000\.png: is not a PNG image/,
  ],
  [
    'a truncated image',
    'bad-png',
    (path) => truncateSync(join(path, 'imagesTr/c_0000.png'), 100),
    /c_0000\.png: is a truncated or damaged/,
  ],
  [
    'a label that is no class',
    'label-values',
    (path) => {
      const ids = new Int32Array(256).fill(9, 0, 3);
      writeLabelMap(join(path, 'labelsTr/b.png'), { width: 16, height: 16, data: ids });
    },
    /b\.png: holds 9 in 3 pixels; the classes are 0 \(background\), 1 \(disc\), 2 \(rim\)/,
  ],
  [
    'a label of another size',
    'image-size',
    (path) => writeImage(join(path, 'imagesTr/d_0000.png'), 17, 31, 1),
    /31×17.*17×31/,
  ],
  [
    'another number of classes than the model',
    'classes-mismatch',
    (path) => writeDatasetJson(path, { labels: { background: 0, disc: 1, rim: 2, scratch: 3 } }),
    /4 classes \(0 background, 1 disc, 2 rim, 3 scratch\), but `logits` of Tiny has 3[\s\S]*= try: --set classes=4/,
  ],
  [
    'another number of channels than dataset.json says',
    'image-channels',
    (path) => writeDatasetJson(path, { channel_names: { '0': 'grey' } }),
    /3 channel\(s\).*1 expected/,
  ],
  [
    'another number of channels than the model',
    'image-channels',
    (path) => {
      writeDatasetJson(path, { channel_names: { '0': 'grey' } });
      for (const [id, width, height] of [
        ['a', 20, 24],
        ['b', 16, 16],
        ['c', 40, 12],
        ['d', 31, 17],
      ] as const) {
        const grey = { width, height, channels: 1, depth: 8, data: new Uint8Array(width * height) } as const;
        writePng(join(path, `imagesTr/${id}_0000.png`), grey);
      }
    },
    /1 channels, Tiny takes 3[\s\S]*= try: --set in_channels=1/,
  ],
  ['no cases', 'bad-dataset', (path) => rmSync(join(path, 'labelsTr'), { recursive: true }), /labelsTr/],
];

test.each(spoil)('a data set with %s is refused, and no run begins', async (name, code, change, message) => {
  const path = inFolder(`data with ${name}`);
  cpSync(data, path, { recursive: true });
  change(path);
  const run = inFolder('not-made/run');
  expectError(await train(path, run), code, message);
  expect(existsSync(inFolder('not-made'))).toBe(false);
  const asJson = await train(path, run, '--json');
  expect([asJson.code, json(asJson)]).toMatchObject([2, { ok: false, error: { code } }]);
});

test('--test looks at the test images before training', async () => {
  const path = inFolder('bad-test');
  cpSync(data, path, { recursive: true });
  truncateSync(join(path, 'imagesTs/f_0000.png'), 60);
  expectError(await train(path, inFolder('not-made'), '--test'), 'bad-png', /f_0000\.png/);
  rmSync(join(path, 'imagesTs'), { recursive: true });
  rmSync(join(path, 'labelsTs'), { recursive: true });
  expectError(await train(path, inFolder('not-made'), '--test'), 'no-test-images', /imagesTs/);
  expect(existsSync(inFolder('not-made'))).toBe(false);
});

test('a run is never replaced', async () => {
  const before = tree(finished);
  const checkpoint = readFileSync(join(finished, 'checkpoint.safetensors'));
  expectError(await train(data, finished), 'run-exists', /holds a run[\s\S]*--resume/);
  expect(tree(finished)).toEqual(before);
  expect(readFileSync(join(finished, 'checkpoint.safetensors'))).toEqual(checkpoint);
  const file = inFolder('a-file');
  writeFileSync(file, 'x');
  expectError(await train(data, file), 'cannot-write', /it is a file/);
  expectError(await train(data, join(file, 'run')), 'cannot-write', /not a folder/);
});

test('without --output runs are numbered, and --resume takes the newest', async () => {
  const spec = join(process.cwd(), TINY);
  const here = process.cwd();
  mkdirSync(inFolder('cwd'));
  process.chdir(inFolder('cwd'));
  try {
    const run = (...more: string[]) =>
      archc('train', spec, '--data', data, '--steps', '1', '--json', ...more);
    const folders = [];
    for (const more of [[], [], ['--resume'], ['--name', 'other']]) {
      folders.push(json(await run(...more))['folder']);
    }
    expect(folders).toEqual(['runs/tiny', 'runs/tiny-2', 'runs/tiny-2', 'runs/other']);
    expectError(await archc('train', spec, '--data', data, '--name', 'none', '--resume'), 'no-checkpoint');
    expectError(await archc('train', spec, '--data', data, '--name', '../up'), 'bad-value', /\.\.\/up/);
  } finally {
    process.chdir(here);
  }
});

const noResume: [string, string, string[], (path: string) => void, RegExp][] = [
  [
    'without a checkpoint',
    'no-checkpoint',
    [],
    (path) => rmSync(join(path, 'checkpoint.safetensors')),
    /does not exist[\s\S]*without --resume/,
  ],
  [
    'another configuration',
    'checkpoint-mismatch',
    ['--set', 'width=6'],
    () => {},
    /config\.width: 8 → 6[\s\S]*tensors\.stem\.weight: \[8, 3, 3, 3\] = .* → \[6, 3, 3, 3\]/,
  ],
  [
    'another section',
    'checkpoint-mismatch',
    ['--section', 'Diverging'],
    () => {},
    /train\.name: Quick → Diverging[\s\S]*train\.optimizer\.kind: adamw → sgd/,
  ],
  [
    'another optimizer',
    'checkpoint-mismatch',
    ['--set', 'train.optimizer=sgd(lr: 0.1)'],
    () => {},
    /optimizer\.kind: adamw → sgd[\s\S]*optimizer\.lr: 0\.01 → 0\.1[\s\S]*optimizer\.weight_decay: 0\.05 → 0/,
  ],
  [
    'several other settings, all named,',
    'checkpoint-mismatch',
    [
      ...['--set', 'train.lr=2e-2', '--set', 'train.loss=cross_entropy', '--set', 'train.augment=flips'],
      ...['--set', 'train.schedule=constant', '--set', 'train.foreground=1'],
    ],
    () => {},
    /loss\[1\]\.kind: dice → none[\s\S]*lr: 0\.01 → 0\.02[\s\S]*kind: cosine → constant[\s\S]*foreground: 0 → 1[\s\S]*augment\[1\]\.kind: rotations90 → none/,
  ],
  ['another seed', 'checkpoint-mismatch', ['--seed', '5'], () => {}, /train\.seed: 0 → 5/],
  [
    'fewer steps than are done',
    'checkpoint-mismatch',
    ['--steps', '1'],
    () => {},
    /has done 2 steps, asked for are 1[\s\S]*--steps 2 or more/,
  ],
  [
    'another batch size',
    'checkpoint-mismatch',
    ['--set', 'train.batch=3'],
    () => {},
    /asked for\):\n {2}train\.batch: 2 → 3\n/,
  ],
  [
    'other first weights',
    'checkpoint-mismatch',
    ['--pretrained', writeWeights(inFolder('first.safetensors'))],
    () => {},
    /pretrained\.sha256: none → sha256 [0-9a-f]{12}…/,
  ],
  [
    'a checkpoint of an older archc',
    'old-checkpoint',
    [],
    (path) => {
      const file = join(path, 'checkpoint.safetensors');
      const { tensors } = readSafetensors(file);
      writeSafetensors(file, tensors, { format: 'archc-checkpoint-1', run: '{"step":2,"steps":2}' });
    },
    /does not say with what settings[\s\S]*--pretrained/,
  ],
  [
    'a truncated checkpoint',
    'bad-safetensors',
    [],
    (path) => truncateSync(join(path, 'checkpoint.safetensors'), 2000),
    /truncated|ends at byte/,
  ],
  [
    'weights for a checkpoint',
    'bad-checkpoint',
    [],
    (path) => {
      writeWeights(join(path, 'checkpoint.safetensors'));
    },
    /not a checkpoint/,
  ],
];

test.each(noResume)(
  '--resume with %s is refused and changes nothing',
  async (name, code, more, change, message) => {
    const path = inFolder(`resume ${name}`);
    cpSync(finished, path, { recursive: true });
    change(path);
    const before = contents(path);
    expectError(await train(data, path, '--resume', ...more), code, message);
    expect(contents(path)).toEqual(before);
  },
);

/** The files of a folder, and those of the folders in it. */
function contents(folder: string): (readonly [name: string, data: Uint8Array])[] {
  const files = tree(folder).filter((name) => !name.endsWith('/'));
  return files.map((name) => [name, readFileSync(join(folder, name))]);
}

test('--resume with another model of the spec is refused', async () => {
  const spec = `${TINY}:Narrow`;
  const result = await archc('train', spec, '--data', data, '--output', finished, '--resume');
  expectError(result, 'checkpoint-mismatch', /\n {2}model: Tiny → Narrow\n {2}config\.width: 8 → 4\n/);
});

test('--resume with other data is refused, with the same elsewhere it is not', async () => {
  const path = inFolder('resume other data');
  cpSync(finished, path, { recursive: true });
  const changed = inFolder('changed data');
  cpSync(data, changed, { recursive: true });
  const moved = await train(changed, path, '--resume', '--json');
  expect([moved.code, json(moved)]).toMatchObject([0, { steps: 2 }]);
  writeImage(join(changed, 'imagesTr/b_0000.png'), 16, 16, 9);
  expectError(
    await train(changed, path, '--resume'),
    'checkpoint-mismatch',
    /asked for\):\n {2}data\.sha256: sha256 [0-9a-f]{12}… → sha256 [0-9a-f]{12}…\n {2}=/,
  );
});

test('a run can be prolonged: the schedule is then that of the longer run', async () => {
  const path = inFolder('prolonged');
  cpSync(finished, path, { recursive: true });
  const result = await train(data, path, '--resume', '--steps', '6');
  expect(result.stderr).toMatch(
    /^6 steps instead of 2: from step 3 on the learning rate is that of a run of 6 steps, 0\.00750$/m,
  );
  const rates = readSafetensors(join(path, 'checkpoint.safetensors')).tensors.get('learning_rates')!.data;
  const cosine = (t: number, steps: number) =>
    1e-6 + 0.5 * (1e-2 - 1e-6) * (1 + Math.cos((Math.PI * t) / steps));
  const expected = [cosine(0, 2), cosine(1, 2), ...[2, 3, 4, 5].map((t) => cosine(t, 6))];
  expected.forEach((rate, i) => {
    expect(rates[i]).toBeCloseTo(rate, 15);
  });
});

test('with a constant schedule a prolonged run is the longer run, to the bit', async () => {
  const constant = ['--set', 'train.schedule=constant'];
  const [short, long] = [inFolder('short'), inFolder('long')];
  await train(data, short, ...constant, '--steps', '3');
  const prolonged = await train(data, short, ...constant, '--steps', '7', '--resume');
  expect(prolonged.stderr).toMatch(/^7 steps instead of 3$/m);
  await train(data, long, ...constant, '--steps', '7');
  const weights = (run: string) => readFileSync(join(run, 'weights.safetensors'));
  expect(weights(short)).toEqual(weights(long));
});

test('what the command line chose when a run began stands when it goes on', async () => {
  const run = inFolder('chosen');
  const first = ['--seed', '7', '--steps', '3', '--pretrained', writeWeights(inFolder('start.safetensors'))];
  expect((await train(data, run, ...first)).code).toBe(0);
  const again = await train(data, run, '--resume', '--json');
  expect([again.code, json(again)]).toMatchObject([0, { steps: 3, finished: true }]);
  // The same command line with --resume does as well.
  expect((await train(data, run, ...first, '--resume')).code).toBe(0);
});

test('a run that a process trains is not touched by another; a lock that was left is taken over', async () => {
  const run = inFolder('locked');
  cpSync(finished, run, { recursive: true });
  const lock = join(run, 'run.lock');
  const lockOf = (pid: number) =>
    writeFileSync(lock, JSON.stringify({ pid, host: hostname(), since: '2026-01-01T00:00:00Z' }));
  lockOf(process.pid);
  const resume = ['--resume', '--steps', '3'];
  expectError(await train(data, run, ...resume), 'run-in-use', new RegExp(`process ${process.pid} on`));
  const gone = spawnSync(process.execPath, ['-e', '0']).pid;
  lockOf(gone);
  const taken = await train(data, run, ...resume);
  expect(taken.stderr).toContain(`run.lock was left by process ${gone}, which is gone; this run takes over`);
  expect([taken.code, existsSync(lock)]).toEqual([0, false]);
  writeFileSync(lock, JSON.stringify({ pid: gone, host: 'another-machine', since: '' }));
  expectError(await train(data, run, ...resume), 'run-in-use', /another-machine[\s\S]*remove .*run\.lock/);
});
