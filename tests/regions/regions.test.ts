import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readNifti } from '../../src/data/nifti.ts';
import { readPng } from '../../src/data/png.ts';
import { contactSheet } from '../../src/report/contact-sheet.ts';
import { readMetadata, readSafetensors, writeSafetensors } from '../../src/tensors/safetensors.ts';
import { float32Tensor, toFloat32 } from '../../src/tensors/tensor.ts';
import { archc, expectError, json, temporaryFolder } from '../cli/archc.ts';
import * as hand from './by-hand.ts';
import {
  IGNORE,
  imageOf,
  labelOf,
  PLANE,
  REGIONS,
  TEST,
  TRAINING,
  VOXELS,
  writeDataset,
  writeNifti,
} from './data.ts';

// A data set of regions with `ignore`, from plan to scores, against tests/regions/by-hand.ts. The network is a logit a
// region of each pixel by itself, so that a window's place says nothing. Device and cache hold float32: losses are sums of
// some hundred terms near 1, each off by some 2^-24 of itself, hence 1e-5; logits are compared where they decide.
const LOSS = 'binary_cross_entropy + dice(batch: true, sigmoid: true, smooth: 1e-5)';
const TOLERANCE = 1e-5;

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const data = writeDataset(inFolder('data'));
const spec = inFolder('pixels.arch');
writeFileSync(
  spec,
  `import { Conv2d } from "archc/lib/nn.arch"

model Pixels(in_channels: int = 1, classes: int = 3, size: <int, int> = <8, 8>) {
  let <H, W> = size
  input image: [B, in_channels, H, W]
  head = Conv2d(in_channels, classes, 1)
  forward {
    y = head(image)
  }
  output logits: [B, classes, H, W] = y
}

train Regions for Pixels {
  loss = ${LOSS}
  optimizer = sgd(lr: 0.5, momentum: 0.9, nesterov: true)
  schedule = constant
  foreground = 1
  batch = 2
  steps = 3
  validate = 3
  holdout = ["b", "c"]
}

train Classes for Pixels {
  loss = cross_entropy
  optimizer = sgd(lr: 0.5)
  schedule = constant
  foreground = 1
  batch = 2
  steps = 2
  holdout = ["b", "c"]
}
`,
);
function writeWeights(name: string, weight: readonly number[], bias: readonly number[]): string {
  const tensor = (shape: number[], values: readonly number[]) =>
    float32Tensor(shape, Float32Array.from(values));
  writeSafetensors(inFolder(name), [
    ['head.weight', tensor([weight.length, 1, 1, 1], weight)],
    ['head.bias', tensor([bias.length], bias)],
  ]);
  return inFolder(name);
}
const first = { weight: [0.75, 1, 1.25], bias: [0.25, -0.5, -1] };
const pretrained = writeWeights('first.safetensors', first.weight, first.bias);

const DEVICE = ['--backend', 'cpu'] as const;
const run = async (...args: string[]) => {
  const result = await archc(...args);
  expect(result.code, result.stderr).toBe(0);
  return result;
};
const train = (from: string, output: string, ...more: string[]) =>
  run(
    ...['train', spec, '--section', 'Regions', '--data', from, '--output', inFolder(output), ...DEVICE],
    ...(more.includes('--pretrained') ? more : ['--pretrained', pretrained, ...more]),
  );
const predict = (output: string, ...runs: string[]) =>
  run(
    'predict',
    ...runs.map(inFolder),
    '--input',
    join(data, 'imagesTs'),
    '--output',
    inFolder(output),
    ...DEVICE,
  );
const readJson = (path: string) =>
  JSON.parse(readFileSync(inFolder(path), 'utf8')) as Record<string, unknown>;
const lines = (path: string) =>
  readFileSync(inFolder(path), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { loss?: number; validation?: Validation });

interface Validation {
  readonly loss: number;
  readonly score: number;
  readonly classes: readonly number[];
}

function weightsOf(name: string): hand.Weights {
  const { tensors } = readSafetensors(inFolder(`${name}/weights.safetensors`));
  return { weight: toFloat32(tensors.get('head.weight')!), bias: toFloat32(tensors.get('head.bias')!) };
}

/** Checks the label maps in a folder, voxel by voxel; no logit lies so near its threshold that rounding decides. */
function expectMaps(name: string, probability: (id: string, region: number, i: number) => number): void {
  for (const id of TEST) {
    for (const region of REGIONS.keys())
      for (let i = 0; i < VOXELS; i++)
        expect(Math.abs(probability(id, region, i) - 0.5)).toBeGreaterThan(1e-6);
    const expected = hand.paintedBy((region, i) => probability(id, region, i), VOXELS);
    expect([...readNifti(inFolder(`${name}/${id}.nii.gz`)).data]).toEqual(expected);
  }
}

/** The validation of a run by its last weights, on all slices of the cases held back that are annotated. */
function expectValidation(name: string, normalised: (id: string) => readonly number[]): void {
  const weights = weightsOf(name);
  const planes = ['b', 'c'].flatMap((id) => [0, 1, 2].map((z) => hand.planeOf(id, z, normalised(id))));
  const losses = [0, 2, 4].map((start) => hand.lossOf(planes.slice(start, start + 2), weights));
  const x = planes.flatMap((plane) => plane.x);
  const values = planes.flatMap((plane) => plane.values);
  const scores = [...REGIONS.keys()].map((region) =>
    hand.diceOf(hand.countsOf(region, values, (i) => hand.logit(weights, region, x[i]) > 0)),
  );
  const told = lines(`${name}/losses.jsonl`).flatMap(({ validation }) => validation ?? []);
  expect(told.length).toBe(1);
  expect(Math.abs(told[0].loss - (losses[0] + losses[1] + losses[2]) / 3)).toBeLessThan(TOLERANCE);
  // Counts are whole numbers: nothing but the quotient rounds.
  expect(told[0].score).toBeCloseTo((scores[0] + scores[1] + scores[2]) / 3, 12);
  for (const [region, score] of scores.entries()) expect(told[0].classes[region]).toBeCloseTo(score, 12);
  const { validation } = readJson(`${name}/metrics.json`) as { validation: { classes: string[] } };
  expect(validation.classes).toEqual(REGIONS.map((region) => region.name));
}

describe('from the raw folder', () => {
  const normalised = (id: string) => hand.zScored(imageOf(id));

  beforeAll(() => train(data, 'raw', '--test'));

  test('the first loss is that of both slices that are annotated, and validation that of all', () => {
    // The third slice of the only case that is trained on is ignored as a whole.
    const batch = [0, 1].map((z) => hand.planeOf('a', z, normalised('a')));
    expect(Math.abs(lines('raw/losses.jsonl')[0].loss! - hand.lossOf(batch, first))).toBeLessThan(TOLERANCE);
    expectValidation('raw', normalised);
  });

  test('weights say what the regions are, and the run predicts them painted in order', async () => {
    expect(JSON.parse(readMetadata(inFolder('raw/weights.safetensors'))['trained_on'])).toMatchObject({
      regions: REGIONS,
      ignore: IGNORE,
    });
    await predict('maps-raw', 'raw');
    const weights = weightsOf('raw');
    const probability = (id: string, region: number, i: number) =>
      hand.sigmoid(hand.logit(weights, region, normalised(id)[i]));
    expectMaps('maps-raw', probability);
    expectMaps('raw/predictions', probability);
  });

  test('pictures show regions as they are painted, and the page names them', () => {
    // Most foreground of b is in its second slice, which is one window.
    const plane = <A extends { slice(from: number, to: number): A }>(of: A) => of.slice(PLANE, 2 * PLANE);
    const [weights, x] = [weightsOf('raw'), plane([...normalised('b')])];
    const probability = (region: number, i: number) => hand.sigmoid(hand.logit(weights, region, x[i]));
    const row = {
      title: 'b, slice 2 of 3, step 3',
      image: { channels: 1, height: 8, width: 8, image: plane(imageOf('b')) },
      truth: Int32Array.from(plane(labelOf('b')), (value) => (value === IGNORE ? -1 : value)),
      prediction: Uint8Array.from(hand.paintedBy(probability, PLANE)),
    };
    // The likeliest of three channels would be 2 at most.
    expect([...row.prediction]).toContain(3);
    expect(readPng(inFolder('raw/pictures/validation/b_step000003.png'))).toEqual(contactSheet([row]));
    const html = readFileSync(inFolder('raw/report.html'), 'utf8');
    for (const text of ['core (2, 3 → 2)', 'ignored: 4', '<th>enhancing</th>']) expect(html).toContain(text);
  });

  test('--test scores regions, without what is ignored', () => {
    const { classes } = readJson('raw/metrics.json') as { classes: Record<string, number> };
    expect(Object.keys(classes)).toEqual(REGIONS.map(({ name }) => name));
    for (const [region, { name }] of REGIONS.entries()) {
      const scores = TEST.map((id) =>
        hand.regionDice(region, labelOf(id), readNifti(inFolder(`raw/predictions/${id}.nii.gz`)).data),
      );
      expect(classes[name]).toBeCloseTo((scores[0] + scores[1]) / 2, 12);
    }
  });
});

describe('by way of a plan', () => {
  const figures = () => (readJson('plan.json') as { intensity: Record<string, hand.Figures> }).intensity['0'];
  const normalised = (id: string) => hand.clipped(imageOf(id), figures());

  beforeAll(async () => {
    await run('data', 'plan', data, '--output', inFolder('plan.json'), '--spec', 'nnunet');
    await run('data', 'preprocess', data, '--output', inFolder('cache'), '--plan', inFolder('plan.json'));
    await train(inFolder('cache'), 'cached');
  });

  test('the plan is of the foreground that is annotated, and its spec of regions', async () => {
    const foreground = TRAINING.map((id) => {
      const label = labelOf(id);
      return [...imageOf(id)].filter((_, i) => label[i] !== 0 && label[i] !== IGNORE);
    });
    const all = foreground.flat();
    // Of each case as many samples are drawn, with replacement.
    const mean = foreground.reduce((sum, own) => sum + own.reduce((s, v) => s + v, 0) / own.length, 0) / 3;
    const found = figures() as hand.Figures & { min: number; max: number };
    expect([found.min, found.max]).toEqual([Math.min(...all), Math.max(...all)]);
    // 10^8 samples of a deviation of 60: their mean is off by 0.006; float32 has 24 bits of 70.
    expect(Math.abs(found.mean - mean)).toBeLessThan(0.05);
    expect(readJson('plan.json')).toMatchObject({ regions: REGIONS, ignore: IGNORE });
    const text = readFileSync(inFolder('plan.arch'), 'utf8');
    expect(text).toContain('classes: 3,');
    expect(text).toContain(`loss = ${LOSS}\n`);
    expect(text).toContain('supervise = halving(last: 0)');
    await run('check', inFolder('plan.arch'));
  });

  test('cases hold places of regions and of all that is annotated, and know what is ignored', () => {
    for (const id of TRAINING) {
      const { tensors } = readSafetensors(inFolder(`cache/cases/${id}.safetensors`));
      const label = labelOf(id);
      const places = (test: (value: number) => boolean) => [...label.keys()].filter((i) => test(label[i]));
      const of = (name: string) => [...(tensors.get(name)!.data as Uint32Array)];
      for (const [region, { values }] of REGIONS.entries()) {
        const members: readonly number[] = values;
        expect(of(`foreground.${region + 1}`)).toEqual(places((value) => members.includes(value)));
      }
      expect(of('annotated')).toEqual(places((value) => value !== IGNORE));
      expect([...(tensors.get('label')!.data as Int8Array)]).toEqual(
        [...label].map((value) => (value === IGNORE ? -2 : value)),
      );
    }
  });

  test('the first loss is that of the slice that shows regions, and validation that of all', () => {
    const one = hand.planeOf('a', 1, normalised('a'));
    expect(Math.abs(lines('cached/losses.jsonl')[0].loss! - hand.lossOf([one, one], first))).toBeLessThan(
      TOLERANCE,
    );
    expectValidation('cached', normalised);
  });

  test('a run, and several together, predict by sigmoids above a half, painted in order', async () => {
    const probabilityOf = (name: string) => {
      const weights = weightsOf(name);
      return (id: string, region: number, i: number) =>
        hand.sigmoid(hand.logit(weights, region, normalised(id)[i]));
    };
    await predict('maps', 'cached');
    expectMaps('maps', probabilityOf('cached'));
    // One that is sure of itself against two that doubt everything, which its logits alone would outweigh.
    const still = ['--set', 'train.optimizer=sgd(lr: 1e-6)', '--steps', '1'];
    for (const [name, weight, bias] of [
      ['sure', 3, 0],
      ['doubtful', 0.01, -1],
    ] as const) {
      const path = writeWeights(`${name}.safetensors`, [weight, weight, weight], [bias, bias, bias]);
      await train(inFolder('cache'), name, '--pretrained', path, ...still);
    }
    cpSync(inFolder('doubtful'), inFolder('second'), { recursive: true });
    await predict('maps-together', 'sure', 'doubtful', 'second');
    const three = ['sure', 'doubtful', 'second'].map(probabilityOf);
    const meanOf = (...at: [string, number, number]) => three.reduce((sum, p) => sum + p(...at), 0) / 3;
    expectMaps('maps-together', meanOf);
    const odds = (p: number) => Math.log(p / (1 - p));
    const ofLogits = (...at: [string, number, number]) =>
      hand.sigmoid(three.reduce((sum, p) => sum + odds(p(...at)), 0) / 3);
    for (const other of [...three, ofLogits]) {
      const differs = (i: number) =>
        REGIONS.some((_, r) => other('s', r, i) > 0.5 !== meanOf('s', r, i) > 0.5);
      expect(Array.from({ length: VOXELS }, (_, i) => i).some(differs)).toBe(true);
    }
  });

  test('evaluate scores regions of dataset.json, without what is ignored', async () => {
    await predict('scored', 'cached');
    const evaluate = async (predictions: string, truth: string, ...more: string[]) =>
      json(
        await run(
          ...['evaluate', '--predictions', predictions, '--truth', truth, '--json', '--tolerance', '1'],
          ...['--metrics', 'dsc,nsd,hd95', ...more],
        ),
      ) as { images: Record<string, Record<string, number>>[] } & Record<string, Record<string, number>>;
    const found = await evaluate(inFolder('scored'), join(data, 'labelsTs'), '--data', data);
    expect(Object.keys(found['dsc'])).toEqual([...REGIONS.map(({ name }) => name), 'all foreground']);
    for (const [region, { name }] of REGIONS.entries()) {
      for (const [t, id] of TEST.entries()) {
        const prediction = readNifti(inFolder(`scored/${id}.nii.gz`)).data;
        const truth = labelOf(id);
        // Scores would be others with what is ignored.
        expect(truth.some((value, i) => value === IGNORE && prediction[i] === 3)).toBe(true);
        expect(found.images[t]['dsc'][name]).toBeCloseTo(hand.regionDice(region, truth, prediction), 12);
        // Surfaces are checked against references elsewhere: here that it is those of the region's own masks.
        for (const [part, map] of [
          ['truth', truth],
          ['found', prediction],
        ] as const)
          writeNifti(inFolder(`masks-${name}/${part}/${id}.nii.gz`), hand.maskOf(region, map, truth));
      }
      const alone = await evaluate(inFolder(`masks-${name}/found`), inFolder(`masks-${name}/truth`));
      for (const metric of ['dsc', 'nsd', 'hd95']) expect(found[metric][name]).toBe(alone[metric]['class 1']);
    }
  });
});

test('classes may be ignored in part, too: the first loss, from the raw folder and by way of a plan', async () => {
  const labels = { background: 0, a: 1, b: 2, c: 3, ignore: IGNORE };
  const plain = writeDataset(inFolder('classes'), { labels, regions_class_order: undefined });
  const weights = { weight: [-1, 0.25, 0.5, 1], bias: [0.5, 0.25, 0, -0.5] };
  const path = writeWeights('first-classes.safetensors', weights.weight, weights.bias);
  const lossFrom = async (from: string, output: string) => {
    const args = ['--section', 'Classes', '--set', 'classes=4', '--pretrained', path];
    await run('train', spec, '--data', from, '--output', inFolder(output), ...args, ...DEVICE);
    return lines(`${output}/losses.jsonl`)[0].loss!;
  };
  // The figures of its foreground are those of the data set with regions.
  const { regions, classes, ...plan } = readJson('plan.json');
  const own = Object.entries(labels).flatMap(([name, value]) => (name === 'ignore' ? [] : [{ name, value }]));
  expect(regions).toEqual(REGIONS);
  expect((classes as object[]).length).toBe(own.length);
  writeFileSync(inFolder('plain.json'), JSON.stringify({ ...plan, classes: own }));
  await run(
    'data',
    'preprocess',
    plain,
    '--output',
    inFolder('plain-cache'),
    '--plan',
    inFolder('plain.json'),
  );
  const batch = [0, 1].map((z) => hand.planeOf('a', z, hand.zScored(imageOf('a'))));
  const raw = await lossFrom(plain, 'run-classes');
  expect(Math.abs(raw - hand.crossEntropyOf(batch, weights))).toBeLessThan(TOLERANCE);
  const figures = (plan['intensity'] as Record<string, hand.Figures>)['0'];
  const one = hand.planeOf('a', 1, hand.clipped(imageOf('a'), figures));
  const cached = await lossFrom(inFolder('plain-cache'), 'run-classes-cached');
  expect(Math.abs(cached - hand.crossEntropyOf([one], weights))).toBeLessThan(TOLERANCE);
});

describe('what does not go together', () => {
  const refused = (from: string, section: string, ...more: string[]) =>
    archc(
      'train',
      spec,
      '--section',
      section,
      '--data',
      from,
      '--output',
      inFolder('not-made'),
      ...DEVICE,
      ...more,
    );

  test('losses of classes with regions', async () => {
    expectError(
      await refused(data, 'Classes'),
      'region-targets',
      /section Classes compares classes \(`cross_entropy`\), but Squares has regions.*\(whole, core, enhancing\)/,
      /loss = binary_cross_entropy \+ dice\(batch: true, sigmoid: true, smooth: 1e-5\)/,
    );
  });

  test('losses of regions with classes', async () => {
    const labels = { background: 0, a: 1, b: 2, c: 3, ignore: IGNORE };
    const plain = writeDataset(inFolder('plain'), { labels, regions_class_order: undefined });
    expectError(
      await refused(plain, 'Regions', '--set', 'classes=4'),
      'region-targets',
      /section Regions compares regions \(`binary_cross_entropy`\), but Squares has classes/,
    );
  });

  test('a channel for the background', async () => {
    expectError(
      await refused(data, 'Regions', '--set', 'classes=4'),
      'classes-mismatch',
      /Squares has 3 regions \(0 whole, 1 core, 2 enhancing\), and no channel for the background, but `logits` of Pixels has 4/,
      /--set classes=3/,
    );
  });

  test('validation on cases of which nothing is known', async () => {
    const unknown = writeDataset(inFolder('unknown'));
    for (const id of ['b', 'c'])
      writeNifti(join(unknown, `labelsTr/${id}.nii.gz`), new Uint8Array(VOXELS).fill(IGNORE));
    expectError(
      await refused(unknown, 'Regions'),
      'empty-dataset',
      /no pixel of the held-back cases is annotated \(b, c\)/,
      /holdout/,
    );
  });

  test('predictions with the value that is ignored', async () => {
    mkdirSync(inFolder('ignoring'), { recursive: true });
    for (const id of TEST) writeNifti(inFolder(`ignoring/${id}.nii.gz`), labelOf(id));
    const args = ['--predictions', inFolder('ignoring'), '--truth', join(data, 'labelsTs'), '--data', data];
    expectError(await archc('evaluate', ...args), 'label-values', /holds 4 in \d+ pixels/);
  });
});

test('the data set is right, and ignored pixels are where the scores would be others', async () => {
  await run('data', 'verify', data);
  for (const id of TEST)
    expect([...labelOf(id)].filter((v) => v === IGNORE).length).toBeGreaterThan(PLANE / 4);
});
