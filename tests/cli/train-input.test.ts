import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { writeLabelMap, writePng } from '../../src/data/png.ts';
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
  ['another configuration', 'checkpoint-mismatch', ['--set', 'width=6'], () => {}, /"width":8.*"width":6/],
  ['another section', 'checkpoint-mismatch', ['--section', 'Diverging'], () => {}, /Quick.*Diverging/],
  [
    'another optimizer',
    'checkpoint-mismatch',
    ['--set', 'train.optimizer=sgd(lr: 0.1)'],
    () => {},
    /exp_avg.*momentum_buffer/,
  ],
  ['another seed', 'checkpoint-mismatch', ['--seed', '5'], () => {}, /seed \d+, asked for is 5/],
  ['another number of steps', 'checkpoint-mismatch', ['--steps', '9'], () => {}, /steps 2, asked for is 9/],
  ['another batch size', 'resume-mismatch', ['--set', 'train.batch=3'], () => {}, /batch 2, this one 3/],
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
    const before = tree(path).map((file) => [file, readFileSync(join(path, file))]);
    expectError(await train(data, path, '--resume', ...more), code, message);
    expect(tree(path).map((file) => [file, readFileSync(join(path, file))])).toEqual(before);
  },
);

test('--resume with another model of the spec is refused', async () => {
  const spec = `${TINY}:Narrow`;
  const result = await archc('train', spec, '--data', data, '--output', finished, '--resume');
  expectError(result, 'checkpoint-mismatch', /belongs to Tiny.*this is Narrow/);
});
