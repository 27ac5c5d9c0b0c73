import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TRAINING_STEP, trainingEntries } from '../../src/autodiff/entries.ts';
import { type Backend, type Elements, type Executable, writeStored } from '../../src/backend/backend.ts';
import { referenceBackend } from '../../src/backend/reference.ts';
import { initialiseAll } from '../../src/compiler/initialise.ts';
import { openChecked, openModel } from '../../src/files/open.ts';
import { type ElaboratedModel, storedTensors } from '../../src/language/model.ts';
import { ops } from '../../src/ops/index.ts';
import { hyperParameters } from '../../src/recipe/optimizers.ts';

const folder = mkdtempSync(join(tmpdir(), 'archc-buffers-'));
const device = useBackend();
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A model of `declarations`, x [B, 2, 3, 3] → logits of that size, of which `forward` makes `y`. */
const modelText = (declarations: string): string => `import { BatchNorm2d } from "archc/lib/nn.arch"

model M() {
  input x: [B, 2, 3, 3]
${declarations}
  output logits: [B, 2, 3, 3] = y
}

train T for M {
  loss = cross_entropy
  optimizer = sgd(lr: 0.5)
  batch = 2
  steps = 1
}
`;

import { deviceBackend, useBackend } from '../device.ts';

let specs = 0;
function specOf(declarations: string, blocks = ''): string {
  const path = join(folder, `spec${specs++}.arch`);
  writeFileSync(path, modelText(declarations).replace('\nmodel', `${blocks}\nmodel`));
  return path;
}

const x = Float32Array.from({ length: 36 }, (_, i) => Math.fround(Math.sin(3 * i) + (i % 18 < 9 ? 2 : -1)));

/** Mean and unbiased variance of a channel of the two samples of `x`. */
function statistics(channel: number): { mean: number; variance: number } {
  const values = [...x].filter((_, i) => Math.floor(i / 9) % 2 === channel);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, variance: values.reduce((a, v) => a + (v - mean) ** 2, 0) / (values.length - 1) };
}

interface Step {
  readonly model: ElaboratedModel;
  readonly executable: Executable;
  /** Runs a step, on `x` unless told. */
  step(input?: Float32Array): Promise<number>;
  buffer(name: string): Promise<number[]>;
}

async function training(spec: string, backend: Backend): Promise<Step> {
  const model = openModel(spec, { batch: 2, training: true, stochastic: false });
  const [section] = model.train;
  const { entries } = trainingEntries(model, section, section.optimizer, ops);
  const executable = await backend.prepare(entries, model.name, 2);
  writeStored(executable, initialiseAll(storedTensors(model), 0));
  executable.write('input', 'target', new Int32Array(18));
  let t = 0;
  return {
    model,
    executable,
    step: async (input = x) => {
      executable.write('input', 'x', input);
      executable.write('input', 'hyper', hyperParameters(section.optimizer, 0.5, ++t));
      executable.run(...TRAINING_STEP);
      return (await executable.readOutputs('gradients', ['loss'])).get('loss')![0];
    },
    buffer: async (name) => Array.from((await executable.read('buffer', [name])).get(name)!),
  };
}

const weighted = '  param w: [2, 1, 1] = ones\n';

describe.each(['reference', deviceBackend])('on the %s backend', (name) => {
  const backend = () => (name === 'reference' ? referenceBackend(ops) : device());

  test('an instance that is called twice updates in turn, as PyTorch does in place', async () => {
    const spec = specOf(`${weighted}  norm = BatchNorm2d(2)\n  forward { y = norm(norm(x)) * w }`);
    const s = await training(spec, backend());
    await s.step();
    const first = statistics(0);
    // The second call sees values of mean 0 and, but for eps, of a variance of 1 (18 / 17 unbiased).
    const running = [0.9 * (0.1 * first.mean), 0.9 * (0.9 + 0.1 * first.variance) + 0.1 * (18 / 17)];
    expect((await s.buffer('norm.running_mean'))[0]).toBeCloseTo(running[0], 5);
    expect((await s.buffer('norm.running_var'))[0]).toBeCloseTo(running[1], 4);
    expect(await s.buffer('norm.num_batches_tracked')).toEqual([2]);
    s.executable.destroy();
  });

  test('a cumulative norm averages over all batches', async () => {
    const spec = specOf(
      `${weighted}  norm = BatchNorm2d(2, cumulative: true)\n  forward { y = norm(x) * w }`,
    );
    const s = await training(spec, backend());
    await s.step();
    await s.step(x.map((v) => 2 * v));
    const { mean, variance } = statistics(1);
    expect((await s.buffer('norm.running_mean'))[1]).toBeCloseTo(1.5 * mean, 5);
    expect((await s.buffer('norm.running_var'))[1]).toBeCloseTo(2.5 * variance, 4);
    s.executable.destroy();
  });

  test('a step whose loss is not finite changes nothing', async () => {
    const spec = specOf(
      `${weighted}  norm = BatchNorm2d(2)\n  buffer last: [2] = ones\n  forward {\n    update last = mean(x, axes: <0, 2, 3>)\n    y = norm(x) * w\n  }`,
    );
    const s = await training(spec, backend());
    await s.step();
    const read = async () =>
      [...(await Promise.all(s.model.buffers.map((b) => s.buffer(b.name)))), await weight()].flat();
    const weight = async () => Array.from((await s.executable.read('param', ['w'])).get('w')!);
    const before = await read();
    expect(Number.isFinite(await s.step(x.map(() => Number.POSITIVE_INFINITY)))).toBe(false);
    expect(await read()).toEqual(before);
    await s.step();
    expect(await s.buffer('norm.num_batches_tracked')).toEqual([2]);
    s.executable.destroy();
  });

  test('counters are exact where float32 is not', async () => {
    const spec = specOf(
      `${weighted}  buffer n: int = constant(16777216)\n  forward {\n    update n = 3 + (n - 2)\n    y = x * w\n  }`,
    );
    const s = await training(spec, backend());
    await s.step();
    await s.step();
    expect(await s.buffer('n')).toEqual([16777218]);
    s.executable.destroy();
  });

  test('an average of weights follows them without a gradient; buffers can take inputs and each other', async () => {
    const spec = specOf(`  param w: [2, 1, 1] = ones
  buffer teacher: [2, 1, 1] = zeros
  buffer before: [2, 1, 1] = zeros
  buffer copied: [2, 1, 1] = zeros
  buffer n: int = zeros
  buffer m: int = ones
  forward {
    update before = teacher
    update copied = before
    update teacher = 0.5 * teacher + 0.5 * w
    update n = m
    y = x * w + teacher
  }`);
    const s = await training(spec, backend());
    await s.step();
    const w = Array.from((await s.executable.read('param', ['w'])).get('w')!);
    expect(await s.buffer('teacher')).toEqual([0.5, 0.5]);
    await s.step();
    expect(await s.buffer('before')).toEqual([0.5, 0.5]);
    expect(await s.buffer('copied')).toEqual([0.5, 0.5]);
    expect((await s.buffer('teacher'))[0]).toBeCloseTo(0.25 + 0.5 * w[0], 6);
    expect(await s.buffer('n')).toEqual([1]);
    s.executable.destroy();
    // The same network without the teacher's path from w: its first gradient is the same.
    const plain = await training(
      specOf(`${weighted}  param half: [2, 1, 1] = constant(0.5)\n  forward { y = x * w + half }`),
      backend(),
    );
    await plain.step();
    const same = Array.from((await plain.executable.read('param', ['w'])).get('w')!);
    expect(same.map((v, i) => Math.abs(v - w[i])).every((d) => d < 1e-6)).toBe(true);
    plain.executable.destroy();
  });

  test.each([
    ['', ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']],
    ['affine: false', ['running_mean', 'running_var', 'num_batches_tracked']],
    ['track_running_stats: false', ['weight', 'bias']],
    ['affine: false, track_running_stats: false', []],
  ])('BatchNorm2d(2, %s) is PyTorch’s outside of training', async (argument, names) => {
    const spec = specOf(`  norm = BatchNorm2d(2${argument && `, ${argument}`})\n  forward { y = norm(x) }`);
    const { model, warnings } = openChecked(spec, { batch: 2 });
    expect(storedTensors(model).map((t) => t.name)).toEqual(names.map((n) => `norm.${n}`));
    const executable = await backend().prepare({ step: model.graph }, model.name, 2);
    const stored = new Map<string, Elements>(initialiseAll(storedTensors(model), 0));
    if (stored.has('norm.running_mean')) {
      stored.set('norm.running_mean', Float32Array.of(0.5, -1));
      stored.set('norm.running_var', Float32Array.of(4, 0.25));
    }
    writeStored(executable, stored);
    executable.write('input', 'x', x);
    executable.run('step');
    const y = (await executable.readOutputs('step', ['logits'])).get('logits')!;
    const tracked = !argument.includes('track');
    const [mean, variance] = tracked ? [0.5, 4] : [statistics(0).mean, (statistics(0).variance * 17) / 18];
    expect(y[3]).toBeCloseTo((x[3] - mean) / Math.sqrt(variance + 1e-5), 5);
    // Without running statistics predictions depend on the batch, and that is said where the instance is called.
    expect(warnings.map((w) => `${w.code} ${w.span.file === spec} ${w.span.line}`)).toEqual(
      tracked ? [] : ['batch-dependent true 6'],
    );
    executable.destroy();
  });
});

test('one value a channel has no statistics to train with', () => {
  const spec = specOf(
    '  norm = BatchNorm2d(2)\n  forward { y = norm(mean(x, axes: <2, 3>, keepdim: true)) + x }',
  );
  const graph = (batch: number) => {
    const model = openModel(spec, { batch, training: true });
    return trainingEntries(model, model.train[0], model.train[0].optimizer, ops);
  };
  expect(() => graph(1)).toThrow('norm normalises by the statistics of one value a channel');
  expect(graph(2).reached).toHaveLength(2);
});

test('a model that extends another can start its buffers otherwise', () => {
  const spec = specOf('  buffer seen: [2, 1, 1] = zeros\n  forward { y = x + seen }');
  writeFileSync(
    spec,
    `${readFileSync(spec, 'utf8')}model N extends M() {\n  buffer seen: [2, 1, 1] = ones\n}\n`,
  );
  const { model, warnings } = openChecked(`${spec}:N`);
  expect(warnings.map((w) => w.code)).toEqual(['unused-import']);
  expect(model.parameters).toEqual([]);
  expect(model.buffers).toMatchObject([
    { name: 'seen', shape: [2, 1, 1], dtype: 'f32', init: { kind: 'ones' } },
  ]);
});

test('grad and fit train without drop-path, which train keeps', () => {
  const spec = specOf(`${weighted}  forward { y = drop_path(x, rate: 0.5) * w }`);
  const opsOf = (stochastic: boolean | undefined) =>
    openModel(spec, { training: true, stochastic }).graph.nodes.map((n) => n.op);
  expect(opsOf(false)).toEqual(['mul']);
  expect(opsOf(undefined)).toContain('drop_path_mask');
});

test('a block can be checked for what it does outside of training', () => {
  const blocks = `
block Odd() {
  forward(x: [B, 2, 3, 3]) {
    if training { x } else { mean(x, axes: <1>) }
  }
}
`;
  const spec = specOf('  odd = Odd()\n  forward { y = odd(x) }', blocks);
  expect(() => openModel(spec)).toThrow();
  expect(openModel(spec, { training: true }).name).toBe('M');
});
