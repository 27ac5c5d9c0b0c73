import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { WasmSession } from '../../src/runtime/wasm/wasm-session.ts';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { archc, archcWatching, expectError, json, temporaryFolder, tree } from './archc.ts';
import { TINY, writeDataset, writeImage } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const data = writeDataset(inFolder('data'));
const set = (settings: Record<string, string>) =>
  Object.entries(settings).flatMap(([key, value]) => ['--set', `train.${key}=${value}`]);
const run = (output: string, settings: Record<string, string>, ...more: string[]) =>
  archc(...['train', TINY, '--data', data, '--output', inFolder(output), ...set(settings), ...more]);
const bytes = (file: string) => readFileSync(inFolder(file));
const metrics = (name: string) =>
  (JSON.parse(readFileSync(inFolder(`${name}/metrics.json`), 'utf8')) as { validation: Validation })
    .validation;

interface Validation {
  score: string;
  held_back: string[];
  validations: { step: number; loss: number; score: number }[];
  best: { step: number; loss: number; score: number } | null;
}

/** A network with batch norm in it, and a classifier. */
const NETS = inFolder('nets.arch');
writeFileSync(
  NETS,
  `import { BatchNorm2d, Conv2d } from "archc/lib/nn.arch"

model Normed(in_channels: int = 3, classes: int = 3) {
  input image: [B, in_channels, 16, 16]
  stem = Conv2d(in_channels, 8, 3, padding: 1)
  norm = BatchNorm2d(8)
  head = Conv2d(8, classes, 1)
  forward { y = head(silu(norm(stem(image)))) }
  output logits: [B, classes, 16, 16] = y
}
train Quick for Normed {
  loss = cross_entropy + dice(batch: true)
  optimizer = adamw(lr: 2e-2)
  batch = 2
  steps = 12
  validate = 6
  holdout = ["b"]
}

model Sorter(classes: int = 2) {
  input image: [B, 3, 16, 16]
  stem = Conv2d(3, 4, 3, padding: 1)
  head = Conv2d(4, classes, 1)
  forward { y = head(silu(stem(image))) }
  output logits: [B, classes] = mean(y, axes: [2, 3])
}
train Sort for Sorter {
  loss = cross_entropy
  optimizer = adamw(lr: 2e-2)
  batch = 2
  steps = 9
  validate = 3
  holdout = 0.4
}
`,
);

test('a run validates every N steps, on a fifth of the cases, and keeps last and best weights', async () => {
  const result = await run('whole', { validate: '4' }, '--json');
  expect(result.code).toBe(0);
  const { validation } = json(result) as { validation: Validation };
  expect(validation.score).toBe('pseudo-Dice');
  expect(validation.held_back.length).toBe(1);
  expect(validation.validations.map(({ step }) => step)).toEqual([4, 8, 12]);
  const scores = validation.validations.map(({ score }) => score);
  expect(validation.best?.score).toBe(Math.max(...scores));
  expect(metrics('whole')).toEqual(validation);
  expect(result.stderr).toMatch(/1 of 4 cases are held back from training: [a-d]\n/);
  expect(result.stderr).toMatch(/step 4: validation loss \d\.\d{4}, pseudo-Dice \d\.\d{4}, the best so far/);
  expect(tree(inFolder('whole'))).toContain('best.safetensors');
  const svg = bytes('whole/loss.svg').toString();
  for (const text of ['validation loss', 'pseudo-Dice']) expect(svg).toContain(text);
  expect(tree(inFolder('whole')).filter((name) => name.includes('.tmp'))).toEqual([]);
});

test('validations run on the weights that are trained: one session, one place a tensor', async () => {
  const created = vi.spyOn(WasmSession, 'create');
  try {
    const args = ['train', `${NETS}:Normed`, '--data', data, '--output', inFolder('one'), '--backend', 'cpu'];
    expect((await archc(...args, ...set({ steps: '2', validate: '1' }))).code).toBe(0);
    expect(created).toHaveBeenCalledTimes(1);
    const { tensors, buffers, entries } = created.mock.calls[0][0];
    expect(Object.keys(entries)).toEqual(['gradients', 'update', 'loss']);
    const stored = tensors.filter(({ kind }) => kind === 'param' || kind === 'buffer');
    const names = stored.map(({ name }) => name);
    expect(names.sort()).toEqual(
      [...readSafetensors(inFolder('one/weights.safetensors')).tensors.keys()].sort(),
    );
    const bytes = stored.map(({ shape }) => 256 * Math.ceil(shape.reduce((n, d) => n * d, 4) / 256));
    const weights = buffers.filter(({ kind }) => kind === 'weights');
    expect(weights.reduce((n, { size }) => n + size, 0)).toBeLessThanOrEqual(bytes.reduce((a, b) => a + b));
  } finally {
    created.mockRestore();
  }
});

test('validating changes nothing about training, however often', async () => {
  const runs = ['3', '5', '0', '50'];
  const results: string[] = [];
  for (const n of runs)
    results.push((await run(`every-${n}`, { validate: n, holdout: '["a", "d"]' })).stderr);
  for (const n of runs)
    expect(bytes(`every-${n}/weights.safetensors`)).toEqual(bytes('every-3/weights.safetensors'));
  expect(results[2]).toContain('`validate = 0`: nothing is validated');
  expect(results[3]).toContain('more than the 12 steps: none is validated');
  expect(existsSync(inFolder('every-50/best.safetensors'))).toBe(false);
  await run('none-held', { validate: '0' });
  expect(bytes('none-held/weights.safetensors')).not.toEqual(bytes('every-3/weights.safetensors'));
});

test('held-back cases are validated on and never trained on', async () => {
  const other = inFolder('other-data');
  cpSync(data, other, { recursive: true });
  writeImage(join(other, 'imagesTr/c_0000.png'), 40, 12, 99);
  const trainOn = (name: string, from: string, holdout: string) =>
    archc(...['train', TINY, '--data', from, '--output', inFolder(name), ...set({ validate: '6', holdout })]);
  await trainOn('mine', data, '["c"]');
  await trainOn('theirs', other, '["c"]');
  const tensors = (name: string) => readSafetensors(inFolder(`${name}/weights.safetensors`)).tensors;
  expect(tensors('theirs')).toEqual(tensors('mine'));
  expect(metrics('theirs').validations).not.toEqual(metrics('mine').validations);
  // The test can tell: the same change in a case that is trained on gives other weights.
  await trainOn('mine-d', data, '["d"]');
  await trainOn('theirs-d', other, '["d"]');
  expect(tensors('theirs-d')).not.toEqual(tensors('mine-d'));
});

test.each([
  ['Tiny', TINY, { validate: '6', holdout: '["b"]' }],
  ['Normed', `${NETS}:Normed`, {}],
] as const)('%s: pseudo-Dice is that of the network that predicts', async (name, spec, settings) => {
  const output = inFolder(`scored-${name}`);
  const trained = await archc('train', spec, '--data', data, '--output', output, ...set(settings), '--json');
  expect(trained.code).toBe(0);
  const { best, validations } = (json(trained) as { validation: Validation }).validation;
  // Case b is one window, so its prediction is that of the validation.
  const one = join(output, 'one');
  for (const [part, file] of [
    ['imagesTr', 'b_0000.png'],
    ['labelsTr', 'b.png'],
  ]) {
    mkdirSync(join(one, part), { recursive: true });
    cpSync(join(data, part, file), join(one, part, file));
  }
  for (const [file, expected] of [
    ['weights', validations.at(-1)!.score],
    ['best', best!.score],
  ] as const) {
    const to = join(output, `predicted-${file}`);
    await archc(
      ...['predict', spec, '--weights', join(output, `${file}.safetensors`)],
      ...['--input', join(one, 'imagesTr'), '--output', to],
    );
    const { dsc } = json(
      await archc(
        ...['evaluate', '--predictions', to, '--truth', join(one, 'labelsTr')],
        ...['--data', data, '--json'],
      ),
    ) as { dsc: Record<string, number> };
    // A class that neither has is left out of both means.
    const found = [dsc['disc'], dsc['rim']].filter((d) => typeof d === 'number');
    expect(found.reduce((a, b) => a + b, 0) / found.length).toBeCloseTo(expected, 12);
  }
});

test('a run that goes on validates as one that was never stopped', async () => {
  const settings = { validate: '3', schedule: 'constant' };
  await run('unbroken', settings);
  await run('broken', settings, '--steps', '7');
  const first = metrics('broken').validations;
  expect(first.map(({ step }) => step)).toEqual([3, 6]);
  await run('broken', settings, '--steps', '12', '--resume');
  expect(metrics('broken')).toEqual(metrics('unbroken'));
  for (const file of ['weights', 'best', 'loss.svg'].map((f) => (f.includes('.') ? f : `${f}.safetensors`)))
    expect(bytes(`broken/${file}`)).toEqual(bytes(`unbroken/${file}`));
  const refused = await run('broken', { ...settings, holdout: '0.5' }, '--resume');
  expectError(refused, 'checkpoint-mismatch', /train\.holdout: 0\.2 → 0\.5/, /data\.held_back/);
});

test('so does one that was stopped anywhere, by the schedule of the whole', async () => {
  const settings = { validate: '4', steps: '40' };
  await run('straight', settings);
  // The second line about a validation stops the command, as Ctrl-C does.
  let told = 0;
  const stopAt = (text: string) => {
    if (text.includes('validation loss') && ++told === 2) process.emit('SIGINT');
  };
  const options = ['--set', 'train.validate=4', '--set', 'train.steps=40'];
  const stopped = await archcWatching(
    stopAt,
    ...['train', TINY, '--data', data, '--output', inFolder('stopped'), ...options],
  );
  expect(stopped.code).toBe(130);
  const steps = metrics('stopped').validations.map(({ step }) => step);
  expect(steps.slice(0, 2)).toEqual([4, 8]);
  expect(steps.length).toBeLessThan(10);
  await run('stopped', settings, '--resume');
  expect(metrics('stopped')).toEqual(metrics('straight'));
  for (const file of ['weights', 'best', 'checkpoint'])
    expect(bytes(`stopped/${file}.safetensors`)).toEqual(bytes(`straight/${file}.safetensors`));
});

test('a classifier is validated by its accuracy', async () => {
  const images = inFolder('classes');
  for (const [at, name] of ['dark', 'light'].entries()) {
    for (let i = 0; i < 5; i++) {
      const path = join(images, 'train', name, `${i}.png`);
      mkdirSync(dirname(path), { recursive: true });
      writeImage(path, 16 + 14 * at, 16 + 8 * i, 10 * at + i);
    }
  }
  const train = (output: string, settings: Record<string, string> = {}) =>
    archc(
      ...['train', `${NETS}:Sorter`, '--data', images, '--output', inFolder(output), ...set(settings)],
      '--json',
    );
  const result = await train('sorted');
  expect(result.code).toBe(0);
  const { validation } = json(result) as { validation: Validation };
  expect(validation.score).toBe('accuracy');
  // The share is taken of each class.
  expect(validation.held_back.map((id) => id.split('/').slice(0, 2).join('/'))).toEqual([
    ...['train/dark', 'train/dark', 'train/light', 'train/light'],
  ]);
  expect(validation.validations.map(({ step }) => step)).toEqual([3, 6, 9]);
  for (const { score } of validation.validations) expect([0, 0.25, 0.5, 0.75, 1]).toContain(score);
  const all = JSON.stringify(['0', '1', '2', '3', '4'].map((i) => `train/dark/${i}.png`));
  expectError(
    await archc(
      ...['train', `${NETS}:Sorter`, '--data', images, '--output', inFolder('x'), ...set({ holdout: all })],
    ),
    'bad-holdout',
    /all 5 case\(s\) of the class dark/,
  );
});

test('cases that are not there, or all of them, cannot be held back', async () => {
  expectError(
    await run('unknown', { validate: '4', holdout: '["a", "e"]' }),
    'bad-holdout',
    /names "e", which is no training case/,
    /cases are a, b, c, d/,
  );
  expectError(
    await run('all', { validate: '4', holdout: '["a", "b", "c", "d"]' }),
    'bad-holdout',
    /keeps back all 4 case\(s\) of the data set: nothing is left to train on/,
  );
  expect(existsSync(inFolder('unknown'))).toBe(false);
  expect(existsSync(inFolder('all'))).toBe(false);
});
