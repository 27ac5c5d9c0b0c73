import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { writePng } from '../../src/data/png.ts';
import { Random } from '../../src/recipe/random.ts';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { toFloat32 } from '../../src/tensors/tensor.ts';
import { archc, expectError, json, temporaryFolder } from './archc.ts';
import { writeDataset } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/checkpoints/${name}`, import.meta.url));

/** RGB images of noise, with stripes along the rows (class `rows`) or the columns (class `columns`). */
function writeStripes(root: string): string {
  const counts = { train: 6, test: 4 };
  for (const [part, count] of Object.entries(counts)) {
    for (const name of ['rows', 'columns']) {
      for (let n = 0; n < count; n++) {
        const random = Random.stream(n, part, name);
        const [width, height] = [32 + 2 * n, 40 - n];
        const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
          const [y, x] = [Math.floor(i / 3 / width), Math.floor(i / 3) % width];
          return ((name === 'rows' ? y : x) % 8 < 4 ? 150 : 50) + random.uniform(0, 50);
        });
        const path = join(root, part, name, `${n}.png`);
        mkdirSync(dirname(path), { recursive: true });
        writePng(path, { width, height, channels: 3, depth: 8, data });
      }
    }
  }
  return root;
}

/** The network of the fixtures' size, at the smallest image that it takes. */
const sizes = ['--set', 'size=<32,32>', '--set', 'depths=<1,1,2,1>', '--set', 'd_state=4'];
const dims = ['--set', 'dims=<8,16,32,64>', '--set', 'in_channels=3'];
const classifier = ['vmamba', ...sizes, ...dims, '--set', 'classes=2', '--set', 'train.batch=4'];
const segmenter = ['swin-umamba-d', ...sizes, ...dims, '--set', 'classes=3', '--set', 'train.batch=1'];

const stripes = writeStripes(inFolder('stripes'));
const discs = writeDataset(inFolder('discs'));
const trainClassifier = (output: string, ...more: string[]) =>
  archc('train', ...classifier, '--data', stripes, '--output', inFolder(output), ...more);

beforeAll(async () => {
  const { code } = await trainClassifier(
    'classifier',
    ...['--set', 'train.lr=3e-3', '--steps', '40', '--checkpoint-every', '20', '--test', '--json'],
  );
  expect(code).toBe(0);
});

test('a classifier learns from folders of classes', () => {
  const metrics = JSON.parse(readFileSync(inFolder('classifier/metrics.json'), 'utf8')) as {
    accuracy: number;
    classes: Record<string, number>;
    images: { id: string; truth: string }[];
  };
  expect(metrics.images.map((i) => i.truth).sort()).toEqual([
    ...Array.from({ length: 4 }, () => 'columns'),
    ...Array.from({ length: 4 }, () => 'rows'),
  ]);
  expect(Object.keys(metrics.classes)).toEqual(['columns', 'rows']);
  expect(metrics.accuracy).toBe(1);
});

test('its weights start the encoder of a segmentation network', async () => {
  const result = await archc(
    ...['train', ...segmenter, '--data', discs, '--output', inFolder('discs-run'), '--steps', '1', '--json'],
    ...['--set', 'train.lr=0', '--pretrained', inFolder('classifier/weights.safetensors')],
  );
  expect(result.stderr).toMatch(/weights\.safetensors, by the rules of VMambaTiny/);
  expect(result.stderr).toMatch(/│ vssm_encoder\.layers +│ +\d+ │/);
  expect(result.code).toBe(0);
  const { pretrained } = json(result) as {
    pretrained: { tensors: { parameter: string; from: string; status: string }[] };
  };
  const loaded = pretrained.tensors.filter((t) => t.status === 'loaded');
  const from = readSafetensors(inFolder('classifier/weights.safetensors')).tensors;
  const to = readSafetensors(inFolder('discs-run/weights.safetensors')).tensors;
  // All but the classifier's last normalisation and head; at a learning rate of 0 the step changes nothing.
  expect(loaded.length).toBe(from.size - 4);
  for (const t of loaded)
    expect(toFloat32(to.get(t.parameter)!), t.parameter).toEqual(toFloat32(from.get(t.from)!));
});

test('a run that goes on keeps its weights, and is not taken for one from other weights', async () => {
  const run = inFolder('discs-run');
  const args = ['train', ...segmenter, '--data', discs, '--output', run, '--set', 'train.lr=0', '--resume'];
  expect((await archc(...args)).code).toBe(0);
  expectError(
    await archc(...args, '--pretrained', fixture('vmamba-zip.pth')),
    'checkpoint-mismatch',
    /pretrained\.sha256: sha256 .* → sha256/,
  );
});

test('what does not fit is an error, after the table', async () => {
  const result = await archc(
    ...['train', ...segmenter.slice(0, -2), '--data', discs, '--output', inFolder('wrong')],
    ...['--set', 'dims=<16,32,64,128>', '--pretrained', fixture('vmamba-zip.pth')],
  );
  expectError(result, 'pretrained-mismatch', /│ +does not agree │/, /the file \[8\], the model \[16\]/);
  const named = await trainClassifier('named', '--pretrained', 'x.pth', '--pretrained-section', 'Tiny');
  expectError(named, 'no-pretrained-section', /one of: VMambaTiny/);
  const missing = await trainClassifier('missing', '--pretrained', inFolder('none.pth'));
  expectError(missing, 'file-not-found', /none\.pth/);
});

test('data of another kind are refused', async () => {
  const nowhere = await archc('train', ...classifier, '--data', discs, '--output', inFolder('kind'));
  expectError(nowhere, 'bad-dataset', /is a segmentation data set/);
  const folders = await archc('train', ...segmenter, '--data', stripes, '--output', inFolder('kind'));
  expectError(folders, 'file-not-found', /dataset\.json/);
  const classes = await trainClassifier('classes', '--set', 'classes=5');
  expectError(
    classes,
    'classes-mismatch',
    /has 2 classes .*, but `logits` of VMamba has 5/,
    /--set classes=2/,
  );
});
