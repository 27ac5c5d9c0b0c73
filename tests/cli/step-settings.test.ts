import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { toFloat32 } from '../../src/tensors/tensor.ts';
import { archc, expectError, json, temporaryFolder, tree } from './archc.ts';
import { TINY, writeDatasetJson, writeImage, writeLabel } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);

/** Images as large as a window, so that a crop is always the whole of it. */
const data = inFolder('data');
mkdirSync(data);
for (const [seed, id] of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].entries()) {
  writeImage(join(data, `imagesTr/${id}_0000.png`), 16, 16, seed);
  writeLabel(join(data, `labelsTr/${id}.png`), 16, 16, seed);
}
writeDatasetJson(data, { numTraining: 8 });

/** The loss is a mean over samples, and nothing is drawn but their order. */
const plain = {
  loss: 'cross_entropy',
  optimizer: 'adamw(lr: 2e-2, weight_decay: 0.05)',
  schedule: 'constant',
  augment: 'brightness(0, probability: 0)',
};
const train = (output: string, settings: Record<string, string>, ...more: string[]) =>
  archc(
    ...['train', TINY, '--data', data, '--output', inFolder(output)],
    ...Object.entries({ ...plain, ...settings }).flatMap(([k, v]) => ['--set', `train.${k}=${v}`]),
    ...more,
  );
const bytes = (file: string) => readFileSync(inFolder(file));
const weights = (file: string) => {
  const { tensors } = readSafetensors(inFolder(file));
  return [...tensors].flatMap(([, tensor]) => [...toFloat32(tensor)]);
};
/** The largest difference, relative to the largest weight. */
function difference(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  const largest = Math.max(...a.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]))) / largest;
}

test('two batches of 2 make the step of one batch of 4', async () => {
  const whole = await train('whole', { batch: '4', steps: '6' }, '--json');
  const halves = await train('halves', { batch: '2', accumulate: '2', steps: '6' }, '--json');
  const three = await train('three', { batch: '2', steps: '6' });
  expect([whole.code, halves.code, three.code]).toEqual([0, 0, 0]);
  // Sums in another order, six steps of Adam: float32 keeps 1e-7 of each, and Adam's division by the root widens it.
  expect(
    difference(weights('whole/weights.safetensors'), weights('halves/weights.safetensors')),
  ).toBeLessThan(1e-4);
  expect(Math.abs(Number(json(whole)['loss']) - Number(json(halves)['loss']))).toBeLessThan(1e-5);
  expect(
    difference(weights('three/weights.safetensors'), weights('halves/weights.safetensors')),
  ).toBeGreaterThan(1e-3);
});

test('`ema` averages the weights of all steps, which are the run’s', async () => {
  const ema = '0.75';
  const average: number[] = [];
  for (const steps of ['1', '2', '3', '4']) {
    await train(`raw-${steps}`, { batch: '2', steps });
    const own = weights(`raw-${steps}/weights.safetensors`);
    own.forEach((w, i) => {
      average[i] = steps === '1' ? w : 0.75 * average[i] + 0.25 * w;
    });
  }
  const result = await train('averaged', { batch: '2', steps: '4', ema });
  expect(result.code).toBe(0);
  expect(difference(average, weights('averaged/weights.safetensors'))).toBeLessThan(1e-6);
  // The checkpoint goes on with the weights themselves, which training does not know to be averaged.
  const { tensors } = readSafetensors(inFolder('averaged/checkpoint.safetensors'));
  const raw = [...tensors].filter(([name]) => name.startsWith('param/'));
  expect(raw.flatMap(([, tensor]) => [...toFloat32(tensor)])).toEqual(weights('raw-4/weights.safetensors'));
});

test('averages are what is validated, and validating leaves training alone', async () => {
  const settings = { batch: '2', steps: '6', ema: '0.9', holdout: '["a"]' };
  await train('validated', { ...settings, validate: '3' });
  await train('not-validated', { ...settings, validate: '0' });
  expect(bytes('validated/weights.safetensors')).toEqual(bytes('not-validated/weights.safetensors'));
  const { validation } = JSON.parse(bytes('validated/metrics.json').toString()) as {
    validation: { validations: { step: number; loss: number }[]; best: { step: number } };
  };
  // The same weights as first ones of a run whose rate is 0: its validation is theirs.
  const kept = inFolder('validated/weights.safetensors');
  const still = { batch: '2', steps: '1', validate: '1', holdout: '["a"]', optimizer: 'sgd(lr: 0)' };
  await train('still', still, '--pretrained', kept);
  const again = JSON.parse(bytes('still/metrics.json').toString()) as {
    validation: { validations: { loss: number }[] };
  };
  expect(again.validation.validations[0].loss).toBe(validation.validations[1].loss);
  if (validation.best.step === 6)
    expect(bytes('validated/best.safetensors')).toEqual(bytes('validated/weights.safetensors'));
});

test('a stopped run with both goes on to the same bytes', async () => {
  const settings = {
    ...{ batch: '2', accumulate: '3', ema: '0.9', validate: '2', holdout: '["a"]', steps: '8' },
    augment: 'flips + brightness(0.5, probability: 1)',
  };
  await train('unbroken', settings);
  await train('broken', settings, '--steps', '3');
  expect((await train('broken', settings, '--steps', '8', '--resume')).code).toBe(0);
  for (const file of ['weights.safetensors', 'best.safetensors', 'loss.svg'])
    expect(bytes(`broken/${file}`)).toEqual(bytes(`unbroken/${file}`));
  const other = await train('broken', { ...settings, ema: '0.5' }, '--resume');
  expectError(other, 'checkpoint-mismatch', /train\.ema: 0\.9 → 0\.5/);
  // Where only the file of weights was lost, it is written again from the checkpoint.
  const lost = bytes('broken/weights.safetensors');
  rmSync(inFolder('broken/weights.safetensors'));
  expect((await train('broken', settings, '--steps', '8', '--resume')).stderr).toContain('is finished');
  expect(bytes('broken/weights.safetensors')).toEqual(lost);
});

test('training ends after so many validations that are no better, and can be prolonged', async () => {
  const settings = {
    ...{ batch: '2', steps: '40', validate: '2', holdout: '["a"]', patience: '3' },
    optimizer: 'sgd(lr: 0)',
  };
  const result = await train('plateau', settings, '--json');
  expect(result.stderr).toContain(
    'no validation since step 2 was better (`patience = 3`): training ends at step 8',
  );
  expect(json(result)).toMatchObject({ finished: true, steps: 8 });
  expect((await train('plateau', settings, '--resume')).stderr).toContain(
    'is finished: all 8 steps are done',
  );
  const longer = await train('plateau', settings, '--steps', '12', '--resume', '--json');
  expect(json(longer)['steps']).toBe(10);
  expect(tree(inFolder('plateau'))).toContain('best.safetensors');
});

test('what is frozen stays as it began, for as long as asked', async () => {
  const settings = { batch: '2', steps: '3', freeze: '["stem.*"]' };
  const tensors = (name: string) => readSafetensors(inFolder(`${name}/weights.safetensors`)).tensors;
  const [first, frozen, thawed, free] = [
    { optimizer: 'sgd(lr: 0)' },
    {},
    { freeze_steps: '2' },
    { freeze: '[]' },
  ];
  for (const [name, more] of Object.entries({ first, frozen, thawed, free }))
    expect((await train(name, { ...settings, ...more })).code).toBe(0);
  const changed = (name: string) =>
    [...tensors(name)].flatMap(([key, { data }]) =>
      JSON.stringify(data) === JSON.stringify(tensors('first').get(key)!.data) ? [] : [key],
    );
  expect(changed('frozen')).toEqual(['head.weight', 'head.bias']);
  expect(changed('thawed')).toEqual(['stem.weight', 'stem.bias', 'head.weight', 'head.bias']);
  expect(tensors('thawed').get('stem.weight')).not.toEqual(tensors('free').get('stem.weight'));
});

test('a run that thaws goes on to the same bytes, before and after', async () => {
  const settings = {
    ...{ batch: '2', steps: '6', accumulate: '2', ema: '0.5', freeze: '["stem.*"]', freeze_steps: '3' },
  };
  await train('thaw-unbroken', settings);
  for (const stop of ['2', '4']) {
    const name = `thaw-${stop}`;
    await train(name, settings, '--steps', stop);
    expect((await train(name, settings, '--steps', '6', '--resume')).code).toBe(0);
    expect(bytes(`${name}/weights.safetensors`)).toEqual(bytes('thaw-unbroken/weights.safetensors'));
  }
});

test.each([
  ['accumulate', '0', /`accumulate`/],
  ['ema', '1', /`ema`/],
  ['score_decay', '-0.1', /`score_decay`/],
  ['patience', '1.5', /`patience`/],
  ['freeze', '["stam.*"]', /"stam\.\*", which fits none/],
  ['freeze', '["{"]', /has `\{` where a name/],
  ['freeze', '["*"]', /that is not frozen/],
])('%s = %s is refused', async (key, value, message) => {
  const result = await train('refused', { [key]: value });
  expect(result.code).toBe(2);
  expect(result.stderr).toMatch(message);
});
