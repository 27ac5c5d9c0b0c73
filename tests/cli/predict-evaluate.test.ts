import { existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLabelMap, writeLabelMap, writePng } from '../../src/data/png.ts';
import { archc, expectError, json, temporaryFolder, tree } from './archc.ts';
import { TINY, TINY_CHOSEN, writeDataset, writeImage, writeLabel, writeWeights } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const weights = writeWeights(inFolder('weights.safetensors'));

/** Smaller than the window of 16×16, larger, neither, and one pixel. */
const sizes = { small: [9, 11], large: [40, 33], wide: [50, 7], point: [1, 1] } as const;
for (const [i, [name, [width, height]]] of Object.entries(sizes).entries()) {
  writeImage(inFolder(`images/${name}_0000.png`), width, height, i);
  writeLabel(inFolder(`truth/${name}.png`), width, height, i);
}

const predict = (input: string, output: string, ...more: string[]) =>
  archc('predict', TINY, '--weights', weights, '--input', input, '--output', output, ...more);

test('images of any size are segmented and compared with their truth', async () => {
  const result = await predict(inFolder('images'), inFolder('predictions'), '--windows', '3', '--json');
  expect(result.stderr).toBe(TINY_CHOSEN);
  expect(result.code).toBe(0);
  const names = Object.keys(sizes)
    .map((name) => `${name}.png`)
    .sort();
  expect(json(result)['predictions']).toEqual(names.map((name) => inFolder(`predictions/${name}`)));
  expect(tree(inFolder('predictions'))).toEqual(names);
  const seen = new Set<number>();
  for (const [name, [width, height]] of Object.entries(sizes)) {
    const map = readLabelMap(inFolder(`predictions/${name}.png`));
    expect([map.width, map.height]).toEqual([width, height]);
    for (const id of map.data) seen.add(id);
  }
  for (const id of seen) expect([0, 1, 2]).toContain(id);

  // The reference backend sees the same classes wherever they are not a tie's toss.
  const reference = await predict(inFolder('images'), inFolder('reference'), '--backend', 'reference');
  expect(reference.code).toBe(0);
  const between = await evaluate(inFolder('reference'), inFolder('predictions'), '--json');
  expect(Object.values(json(between)['dsc'] as Record<string, number>).every((dsc) => dsc > 0.99)).toBe(true);
});

test('one image alone gives what it gives in a folder', async () => {
  await predict(inFolder('images/large_0000.png'), inFolder('alone'));
  expect(tree(inFolder('alone'))).toEqual(['large.png']);
  const both = ['alone', 'predictions'].map((name) => readLabelMap(inFolder(`${name}/large.png`)));
  expect(both[0]).toEqual(both[1]);
});

/** Its answer depends on where in a window a pixel lies. */
const PLACED = `model Placed() {
  input image: [B, 3, 16, 16]
  param place: [3, 16, 16] = normal(std: 1)
  forward { y = image + place }
  output logits: [B, 3, 16, 16] = y
}
`;

test('--mirror and --step change what is averaged', async () => {
  const spec = inFolder('placed.arch');
  writeFileSync(spec, PLACED);
  const file = writeWeights(inFolder('placed.safetensors'), undefined, spec);
  const of = async (name: string, ...more: string[]) => {
    const input = ['--input', inFolder('images/large_0000.png'), '--output', inFolder(name)];
    expect((await archc('predict', spec, '--weights', file, ...input, ...more)).code).toBe(0);
    return readLabelMap(inFolder(`${name}/large.png`));
  };
  const plain = await of('placed');
  expect(await of('half', '--step', '0.5')).toEqual(plain);
  for (const other of [await of('quarter', '--step', '0.25'), await of('mirrored', '--mirror')]) {
    expect([other.width, other.height]).toEqual([...sizes.large]);
    expect(other.data).not.toEqual(plain.data);
  }
});

/** A folder as a run leaves it: the spec, and weights of its own. */
async function run(name: string, seed: number): Promise<string> {
  writeDataset(inFolder('set'));
  const path = inFolder(name);
  const result = await archc(
    ...['train', TINY, '--data', inFolder('set'), '--output', path, '--steps', '1', '--seed', `${seed}`],
  );
  expect(result.code).toBe(0);
  return path;
}

test('several runs predict with the mean of their probabilities', async () => {
  const [a, b] = [await run('fold-0', 0), await run('fold-1', 1)];
  const of = async (output: string, ...runs: string[]) => {
    const result = await archc(
      'predict',
      ...runs,
      '--input',
      inFolder('images'),
      '--output',
      inFolder(output),
    );
    expect(result.code).toBe(0);
    return readLabelMap(inFolder(`${output}/large.png`));
  };
  const alone = [await of('alone-0', a), await of('alone-1', b)];
  const both = await of('both', a, b);
  expect(alone[0]).not.toEqual(alone[1]);
  // The same network twice decides as it does alone; the order of two says nothing.
  expect(await of('twice', a, a)).toEqual(alone[0]);
  expect(await of('other-order', b, a)).toEqual(both);
  expect(both).not.toEqual(alone[0]);

  const weighed = await archc(
    ...['predict', a, b, '--weights', weights, '--input', inFolder('images'), '--output', inFolder('o')],
  );
  expectError(weighed, 'conflicting-option', /2 networks/);
  const mixed = await archc('predict', a, TINY, '--input', inFolder('images'), '--output', inFolder('o'));
  expectError(mixed, 'missing-option', /--weights/);
});

const evaluate = (predictions: string, truth: string, ...more: string[]) =>
  archc('evaluate', '--predictions', predictions, '--truth', truth, ...more);

test('the truth compared with itself has a DSC of 1, text and JSON agree', async () => {
  const result = await evaluate(inFolder('truth'), inFolder('truth'), '--json');
  expect(json(result)['dsc']).toEqual({ 'class 1': 1, 'class 2': 1, 'all foreground': 1 });
  const text = await evaluate(inFolder('truth'), inFolder('truth'));
  expect(text.stdout).toMatch(/mean.*1\.0000.*1\.0000.*1\.0000/);
});

test('a class that only a prediction has counts as wrong', async () => {
  const maps = { truth: Int32Array.of(1, 1, 0, 0), predicted: Int32Array.of(1, 1, 7, 0) };
  for (const [name, data] of Object.entries(maps)) {
    writeLabelMap(inFolder(`only/${name}/a.png`), { width: 2, height: 2, data });
  }
  const result = await evaluate(inFolder('only/predicted'), inFolder('only/truth'), '--json');
  expect(json(result)['dsc']).toEqual({ 'class 1': 1, 'class 7': 0, 'all foreground': 0.8 });
});

test('predictions without truth are named and left out', async () => {
  writeLabel(inFolder('more/extra.png'), 9, 9, 1);
  writeLabel(inFolder('more/small.png'), 9, 11, 0);
  writeLabel(inFolder('one-truth/small.png'), 9, 11, 0);
  const result = await evaluate(inFolder('more'), inFolder('one-truth'), '--json');
  expect(json(result)['images']).toMatchObject([{ id: 'small' }]);
  expect(result.stderr).toMatch(/left out.*extra\.png/);
});

const badEvaluations: [string, string, (path: string) => string[], RegExp][] = [
  ['a missing folder', 'file-not-found', () => [inFolder('none'), inFolder('truth')], /none does not exist/],
  ['a file for a folder', 'not-a-folder', () => [weights, inFolder('truth')], /not a folder/],
  [
    'no label maps',
    'no-images',
    (path) => {
      mkdirSync(path);
      return [inFolder('truth'), path];
    },
    /holds no label maps/,
  ],
  [
    'a missing prediction',
    'missing-prediction',
    (path) => {
      writeLabel(join(path, 'small.png'), 9, 11, 0);
      return [path, inFolder('truth')];
    },
    /large\.png does not exist/,
  ],
  [
    'a prediction of another size',
    'image-size',
    (path) => {
      writeLabel(join(path, 'truth/a.png'), 9, 11, 0);
      writeLabel(join(path, 'predictions/a.png'), 11, 9, 0);
      return [join(path, 'predictions'), join(path, 'truth')];
    },
    /is 11×9, but its truth .* is 9×11/,
  ],
  [
    'an RGB image for a label map',
    'bad-label-map',
    (path) => {
      writeImage(join(path, 'predictions/a.png'), 9, 11, 0);
      writeLabel(join(path, 'truth/a.png'), 9, 11, 0);
      return [join(path, 'predictions'), join(path, 'truth')];
    },
    /3 channels/,
  ],
  [
    'labels that are no class of the data set',
    'label-values',
    (path) => {
      writeLabelMap(join(path, 'a.png'), { width: 2, height: 2, data: Int32Array.of(0, 1, 5, 5) });
      return [path, path, '--data', writeDataset(`${path}-data`)];
    },
    /holds 5 in 2 pixels/,
  ],
];

test.each(badEvaluations)('evaluate refuses %s', async (name, code, paths, message) => {
  const [predictions, truth, ...more] = paths(inFolder(`evaluate ${name}`));
  expectError(await evaluate(predictions, truth, ...more), code, message);
  expect(json(await evaluate(predictions, truth, ...more, '--json'))).toMatchObject({ error: { code } });
});

const badImages: [string, string, (path: string) => void, RegExp][] = [
  [
    'an empty folder',
    'no-images',
    (path) => mkdirSync(path),
    /holds no \.png, \.nii\.gz, \.nii, \.tif, \.tiff image[\s\S]*is empty/,
  ],
  ['a missing folder', 'file-not-found', () => {}, /does not exist/],
  [
    'a name without channel number among others',
    'bad-dataset',
    (path) => {
      writeImage(join(path, 'a.png'), 9, 9, 0);
      writeImage(join(path, 'b_0000.png'), 9, 9, 0);
    },
    /a\.png: the name does not end in a channel number\n.*rename it to a_0000\.png/,
  ],
  [
    'a grey image',
    'image-channels',
    (path) => {
      writeImage(join(path, 'a_0000.png'), 9, 9, 0);
      const grey = { width: 2, height: 2, channels: 1, depth: 8, data: new Uint8Array(4) } as const;
      writePng(join(path, 'b_0000.png'), grey);
    },
    /b_0000\.png \(1\); 3 expected/,
  ],
  [
    'a text file after a good image',
    'bad-png',
    (path) => {
      writeImage(join(path, 'a_0000.png'), 9, 9, 0);
      writeFileSync(join(path, 'b_0000.png'), 'this is a picture');
    },
    /not a PNG image/,
  ],
  [
    'a truncated image',
    'bad-png',
    (path) => {
      writeImage(join(path, 'a_0000.png'), 30, 30, 0);
      truncateSync(join(path, 'a_0000.png'), 200);
    },
    /truncated or damaged/,
  ],
];

test.each(badImages)('predict refuses %s and writes nothing', async (name, code, make, message) => {
  const path = inFolder(`predict ${name}`);
  make(path);
  expectError(await predict(path, inFolder('not-made/at/all')), code, message);
  expect(existsSync(inFolder('not-made'))).toBe(false);
});

test('predict refuses other inputs and outputs', async () => {
  const image = inFolder('images/small_0000.png');
  const output = inFolder('not-made');
  writeFileSync(inFolder('photo.jpg'), 'x');
  expectError(await predict(inFolder('photo.jpg'), output), 'unsupported-image', /\.png, \.nii\.gz/);
  expectError(await predict(image, weights), 'cannot-write', /it is a file/);
  expectError(await predict(image, output, '--set', 'width=9'), 'weights-mismatch', /stem\.weight/);
  expectError(
    await predict(inFolder('images'), output, '--ending', '.nii.gz'),
    'no-images',
    /no \.nii\.gz image[\s\S]*it holds \.png images/,
  );
  const classifier = await archc(
    ...['predict', 'vmamba', '--weights', weights, '--input', image, '--output', output],
  );
  expect(classifier.code).toBe(2);
  expect(existsSync(output)).toBe(false);
});
