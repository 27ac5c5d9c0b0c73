import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { initialiseAll } from '../compiler/initialise.ts';
import { trainSection } from '../compiler/model.ts';
import { openModel } from '../files/open.ts';
import { elementCount, type Graph } from '../ir/graph.ts';
import type { RefTensor } from '../ir/op.ts';
import { verifyGraph } from '../ir/verify.ts';
import { type ElaboratedModel, storedTensors, type TrainSection } from '../language/model.ts';
import { ops } from '../ops/index.ts';
import { hyperParameters } from '../recipe/optimizers.ts';
import { interpret } from '../reference/interpret.ts';
import { gradientGraph } from './differentiated.ts';
import { type EntryOptions, trainingEntries } from './entries.ts';
import { lossGraph } from './loss.ts';

const folder = mkdtempSync(join(tmpdir(), 'archc-entries-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const optimizers = {
  adamw: 'adamw(lr: 0.01, weight_decay: 0.1, clip: 0.5)',
  adam: 'adam(lr: 0.01, weight_decay: 0.1)',
  sgd: 'sgd(lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.01, clip: 0.3)',
};

let specs = 0;
/** A network with a parameter that the loss does not reach and, if `norm`, a batch norm and a buffer of its own. */
function specOf(optimizer: string, norm: boolean): string {
  const path = join(folder, `spec${specs++}.arch`);
  const normed = norm ? 'norm(stem(x))' : 'stem(x)';
  writeFileSync(
    path,
    `import { ${norm ? 'BatchNorm2d, ' : ''}Conv2d } from "archc/lib/nn.arch"

model M() {
  input x: [B, 2, 4, 4]
  param unused: [3] = ones
  stem = Conv2d(2, 5, kernel_size: 3, padding: 1${norm ? ', bias: false' : ''})
${norm ? '  norm = BatchNorm2d(5)\n  buffer seen: [2] = zeros' : ''}
  head = Conv2d(5, 3, kernel_size: 1)
  forward {
${norm ? '    update seen = seen + mean(x, axes: <0, 2, 3>)' : ''}
    y = head(gelu(${normed}))
    z = y + mean(unused, axes: <0>)
  }
  output logits: [B, 3, 4, 4] = y
  output other: [B, 3, 4, 4] = z
}

train T for M {
  loss = cross_entropy
  supervise = weights(<1, 0>)
  optimizer = ${optimizer}
  batch = 4
  steps = 3
}
`,
  );
  return path;
}

function opened(batch: number, { optimizer = optimizers.adamw, norm = false } = {}) {
  const spec = specOf(optimizer, norm);
  const model = openModel(spec, { batch, training: true, stochastic: false });
  return { model, predictor: openModel(spec, { batch }), section: trainSection(model) };
}

const batchOf = (samples: number, phase = 0) => ({
  x: Float64Array.from({ length: samples * 32 }, (_, i) => Math.sin(3 * (i + phase)) + (i % 5) / 4),
  target: Float64Array.from({ length: samples * 16 }, (_, i) => (i * 7 + phase) % 3),
});
type Batch = ReturnType<typeof batchOf>;

/** Runs graphs that share sources by kind and name, in float64. */
class Machine {
  readonly values = new Map<string, Float64Array>();
  private readonly entries: Readonly<Record<string, Graph>>;

  constructor(entries: Readonly<Record<string, Graph>>) {
    this.entries = entries;
    for (const { sources, values } of Object.values(entries)) {
      for (const { kind, name, value } of sources) {
        // What nothing has set must not matter.
        const first = kind === 'carry' ? Number.NaN : 0;
        this.values.set(`${kind}:${name}`, new Float64Array(elementCount(values[value].shape)).fill(first));
      }
    }
  }

  load(model: ElaboratedModel): this {
    for (const [name, data] of initialiseAll(storedTensors(model), 5)) {
      for (const kind of ['param', 'buffer']) {
        if (this.values.has(`${kind}:${name}`)) this.values.set(`${kind}:${name}`, Float64Array.from(data));
      }
    }
    return this;
  }

  feed(inputs: Readonly<Record<string, ArrayLike<number>>>): this {
    for (const [name, data] of Object.entries(inputs))
      this.values.set(`input:${name}`, Float64Array.from(data));
    return this;
  }

  /** Outputs of all these entries, run in this order. */
  run(...names: string[]): Record<string, Float64Array> {
    const outputs: Record<string, Float64Array> = {};
    for (const name of names) {
      const graph = this.entries[name];
      const key = new Map(graph.sources.map((s) => [s.value, `${s.kind}:${s.name}`]));
      const feeds = [...key].map(([value, k]): [typeof value, RefTensor] => {
        return [value, { shape: graph.values[value].shape, data: this.values.get(k)! }];
      });
      const results = interpret(graph, ops, new Map(feeds));
      for (const o of graph.outputs) outputs[o.name] = results.get(o.value)!.data;
      for (const { sources, value } of graph.updates) {
        let at = 0;
        for (const s of sources) {
          const length = elementCount(graph.values[s].shape);
          this.values.set(key.get(s)!, results.get(value)!.data.slice(at, at + length));
          at += Math.ceil(length / 64) * 64;
        }
      }
    }
    return outputs;
  }

  /** What lives from step to step. */
  kept(): Record<string, number[]> {
    const kept = [...this.values].filter(([k]) => !k.startsWith('input:') && !k.startsWith('carry:'));
    return Object.fromEntries(kept.map(([k, data]) => [k, Array.from(data)]));
  }
}

function machine(
  { model, predictor, section }: ReturnType<typeof opened>,
  options: Omit<EntryOptions, 'predictor'> = {},
): Machine {
  const { entries } = trainingEntries(model, section, section.optimizer, ops, { ...options, predictor });
  for (const graph of Object.values(entries)) expect(verifyGraph(graph, ops)).toEqual([]);
  return new Machine(entries).load(model);
}

const step = (m: Machine, section: TrainSection, t: number, batch: Batch) =>
  m
    .feed({ ...batch, hyper: hyperParameters(section.optimizer, section.optimizer.lr, t) })
    .run('gradients', 'update');

/** Largest difference of what two machines keep. */
function distance(a: Record<string, number[]>, b: Record<string, number[]>): number {
  expect(Object.keys(a).sort()).toEqual(Object.keys(b).sort());
  return Math.max(...Object.keys(a).flatMap((k) => a[k].map((v, i) => Math.abs(v - b[k][i]))));
}

/** PyTorch's steps, tensor by tensor, from the gradients that `grad` gives; a frozen tensor has none, and no state yet. */
function expectedSteps(o: ReturnType<typeof opened>, batches: readonly Batch[]) {
  const { model, section } = o;
  const { optimizer } = section;
  const { graph, reached } = gradientGraph(model, section, ops);
  const m = new Machine({ grad: graph }).load(model);
  const first = new Map<string, Float64Array>();
  const second = new Map<string, Float64Array>();
  const norms: number[] = [];
  batches.forEach((batch, index) => {
    const t = index + 1;
    const out = m.feed({ ...batch }).run('grad');
    const isFrozen = (name: string) => section.freeze.includes(name) && t <= section.freeze_steps;
    const moving = reached.filter(({ name }) => !isFrozen(name));
    const norm2 = moving.reduce((sum, { name }) => sum + out[`g/${name}`].reduce((s, g) => s + g * g, 0), 0);
    norms.push(norm2);
    const factor = optimizer.clip ? Math.min(1, optimizer.clip / (Math.sqrt(norm2) + 1e-6)) : 1;
    for (const { name, shape } of moving) {
      const own = section.freeze.includes(name) ? t - section.freeze_steps : t;
      const [rate, c1, c2] = hyperParameters(optimizer, optimizer.lr, own);
      const w = m.values.get(`param:${name}`)!;
      const zeros = () => new Float64Array(elementCount(shape));
      const a = first.get(name) ?? first.set(name, zeros()).get(name)!;
      const b = second.get(name) ?? second.set(name, zeros()).get(name)!;
      out[`g/${name}`].forEach((raw, i) => {
        let g = raw * factor;
        if (optimizer.kind === 'adamw') w[i] -= rate * optimizer.weight_decay * w[i];
        else g += optimizer.weight_decay * w[i];
        if (optimizer.kind === 'sgd') {
          a[i] = own === 1 ? g : optimizer.momentum * a[i] + g;
          w[i] -= rate * (g + optimizer.momentum * a[i]);
          return;
        }
        const [b1, b2] = optimizer.betas;
        a[i] = b1 * a[i] + (1 - b1) * g;
        b[i] = b2 * b[i] + (1 - b2) * g * g;
        w[i] -= ((rate / c1) * a[i]) / (Math.sqrt(b[i] / c2) + optimizer.eps);
      });
    }
  });
  return { norms, weights: new Map(reached.map((p) => [p.name, m.values.get(`param:${p.name}`)!])) };
}

describe.each(Object.entries(optimizers))('a step of %s', (kind, optimizer) => {
  test('is the gradients’, clipped, and PyTorch’s update of each tensor', () => {
    const o = opened(4, { optimizer, norm: true });
    const batches = [batchOf(4), batchOf(4, 11), batchOf(4, 23)];
    const expected = expectedSteps(o, batches);
    const m = machine(o);
    const before = m.kept();
    const norms = batches.map((batch, i) => step(m, o.section, i + 1, batch)['norm2'][0]);
    norms.forEach((norm2, i) => {
      expect(norm2 / expected.norms[i]).toBeCloseTo(1, 12);
    });
    expect(expected.weights.size).toBe(5);
    for (const [name, w] of expected.weights) {
      m.values.get(`param:${name}`)!.forEach((v, i) => {
        expect(Math.abs(v - w[i]), name).toBeLessThan(1e-12);
      });
    }
    expect(m.kept()['param:unused']).toEqual(before['param:unused']);
    expect(before['param:unused']).toEqual([1, 1, 1]);
    expect(o.section.optimizer.kind).toBe(kind);
  });
});

describe.each(Object.entries(optimizers))('a section of %s that freezes', (_, optimizer) => {
  const freezing = (freeze_steps: number) => {
    const o = opened(4, { optimizer, norm: true });
    const section = { ...o.section, freeze: ['stem.weight', 'norm.bias'], freeze_steps };
    return { ...o, section };
  };

  test('for some steps trains from then on as PyTorch does what had no gradients before', () => {
    const o = freezing(2);
    const batches = [0, 11, 23, 5, 17].map((phase) => batchOf(4, phase));
    const expected = expectedSteps(o, batches);
    const m = machine(o, { thaws: true });
    const before = m.kept()['param:stem.weight'];
    batches.forEach((batch, i) => {
      const hyper = (t: number) => hyperParameters(o.section.optimizer, o.section.optimizer.lr, t);
      m.feed({ ...batch, hyper: hyper(i + 1), hyper_late: hyper(i - 1) });
      const frozen = i < 2;
      const { norm2 } = m.run(...(frozen ? ['gradients_frozen', 'update_frozen'] : ['gradients', 'update']));
      expect(norm2[0] / expected.norms[i]).toBeCloseTo(1, 12);
      expect(JSON.stringify(m.kept()['param:stem.weight']) === JSON.stringify(before)).toBe(frozen);
    });
    expect(expected.weights.size).toBe(5);
    for (const [name, w] of expected.weights) {
      m.values.get(`param:${name}`)!.forEach((v, i) => {
        expect(Math.abs(v - w[i]), name).toBeLessThan(1e-12);
      });
    }
  });

  test('for good leaves it as it is, and has no entries and no state for it', () => {
    const o = freezing(0);
    const { entries, reached } = trainingEntries(o.model, o.section, o.section.optimizer, ops);
    expect(Object.keys(entries)).toEqual(['gradients', 'update']);
    expect(reached.map(({ name }) => name)).toEqual(['norm.weight', 'head.weight', 'head.bias']);
    const m = machine(o);
    const before = m.kept();
    for (const t of [1, 2]) step(m, o.section, t, batchOf(4, t));
    for (const name of ['stem.weight', 'norm.bias'])
      expect(m.kept()[`param:${name}`]).toEqual(before[`param:${name}`]);
    expect(m.kept()['param:head.weight']).not.toEqual(before['param:head.weight']);
  });
});

test('frozen steps with accumulation read no gradient that was not computed', () => {
  const o = opened(2);
  const section = { ...o.section, freeze: ['stem.weight'], freeze_steps: 1 };
  const m = machine({ ...o, section }, { accumulate: true, thaws: true });
  const hyper = hyperParameters(section.optimizer, 0.01, 1);
  m.feed({ ...batchOf(2), share: [0.5], hyper, hyper_late: hyper });
  m.run('begin', 'gradients_frozen', 'accumulate_frozen', 'gradients_frozen', 'accumulate_frozen');
  m.run('update_frozen');
  // Carries that nothing has set are NaN here.
  for (const [name, data] of Object.entries(m.kept())) expect(data.every(Number.isFinite), name).toBe(true);
});

test('who makes all steps alike is told that a section does not', () => {
  const { model, section } = opened(4);
  const freezing = { ...section, freeze: ['stem.*'], freeze_steps: 3 };
  expect(() => trainingEntries(model, freezing, section.optimizer, ops)).toThrow(/freezes parameters for 3/);
  const all = { ...section, freeze: ['*'], freeze_steps: 0 };
  expect(() => trainingEntries(model, all, section.optimizer, ops)).toThrow(/that is not frozen/);
});

test('state is named as checkpoints name it', () => {
  const stateOf = (optimizer: string, options: EntryOptions = {}) => {
    const { model, section } = opened(4, { optimizer });
    return trainingEntries(model, section, section.optimizer, ops, options).state;
  };
  expect(stateOf(optimizers.adamw)).toEqual(['exp_avg.0', 'exp_avg_sq.0']);
  expect(stateOf(optimizers.sgd, { ema: true })).toEqual(['momentum_buffer.0', 'ema.0']);
});

test('entries that nobody asked for are not made, nor is memory for them', () => {
  const { model, section } = opened(4);
  const { entries, reached } = trainingEntries(model, section, section.optimizer, ops);
  expect(Object.keys(entries)).toEqual(['gradients', 'update']);
  expect(reached.map((p) => p.name)).toEqual(['stem.weight', 'stem.bias', 'head.weight', 'head.bias']);
  const carries = Object.values(entries).flatMap((g) => g.sources.filter((s) => s.kind === 'carry'));
  expect([...new Set(carries.map((s) => s.name))]).toEqual(['gradient.0', 'loss']);
});

test('gradients change no weight, buffer or state; update sets buffers to what they found', () => {
  const o = opened(4, { norm: true });
  const m = machine(o);
  const before = m.kept();
  m.feed({ ...batchOf(4), hyper: hyperParameters(o.section.optimizer, 0.01, 1) });
  m.run('gradients');
  expect(m.kept()).toEqual(before);
  m.run('update');
  const { x } = batchOf(4);
  for (const channel of [0, 1]) {
    const values = x.filter((_, i) => Math.floor(i / 16) % 2 === channel);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    expect(m.kept()['buffer:seen'][channel]).toBeCloseTo(mean, 12);
  }
  expect(m.kept()['buffer:norm.num_batches_tracked']).toEqual([1]);
  expect(m.kept()['buffer:norm.running_mean']).not.toEqual(before['buffer:norm.running_mean']);
});

test('loss is that of prediction and changes nothing', () => {
  const o = opened(4, { norm: true });
  const m = machine(o);
  step(m, o.section, 1, batchOf(4));
  const before = m.kept();
  const { loss, prediction } = m.feed({ ...batchOf(4, 3) }).run('loss');
  expect(m.kept()).toEqual(before);
  const alone = new Machine({ loss: lossGraph(o.predictor, o.section, ops) });
  for (const key of alone.values.keys()) alone.values.set(key, Float64Array.from(m.values.get(key)!));
  const expected = alone.feed({ ...batchOf(4, 3) }).run('loss');
  expect(loss).toEqual(expected['loss']);
  expect(prediction).toEqual(expected['prediction']);
  // With running statistics, and not those of the batch.
  expect(loss[0]).not.toBeCloseTo(m.run('gradients')['loss'][0], 3);
});

const halves = (b: Batch): Batch[] =>
  [0, 1].map((half) => ({
    x: b.x.slice((half * b.x.length) / 2, ((half + 1) * b.x.length) / 2),
    target: b.target.slice((half * b.target.length) / 2, ((half + 1) * b.target.length) / 2),
  }));

function accumulated(m: Machine, section: TrainSection, t: number, parts: readonly Batch[]) {
  m.feed({
    hyper: hyperParameters(section.optimizer, section.optimizer.lr, t),
    share: [1 / parts.length],
  }).run('begin');
  for (const part of parts) m.feed({ ...part }).run('gradients', 'accumulate');
  return m.run('update');
}

test('micro-batches add up to the whole batch', () => {
  const whole = opened(4);
  const half = opened(2);
  const a = machine(whole);
  const b = machine(half, { accumulate: true });
  for (const t of [1, 2, 3]) {
    const batch = batchOf(4, 5 * t);
    const expected = step(a, whole.section, t, batch);
    const out = accumulated(b, half.section, t, halves(batch));
    expect(out['loss'][0]).toBeCloseTo(expected['loss'][0], 12);
    expect(out['norm2'][0] / expected['norm2'][0]).toBeCloseTo(1, 11);
  }
  expect(distance(a.kept(), b.kept())).toBeLessThan(1e-12);
  expect(distance(a.kept(), machine(whole).kept())).toBeGreaterThan(1e-3);
});

test('buffers go on from micro-batch to micro-batch, as PyTorch’s do', () => {
  const o = opened(2, { norm: true });
  const parts = halves(batchOf(4));
  const m = machine(o, { accumulate: true });
  accumulated(m, o.section, 1, parts);
  // Steps that leave the weights where they are.
  const still = machine(o);
  for (const part of parts) {
    still.feed({ ...part, hyper: hyperParameters(o.section.optimizer, 0, 1) }).run('gradients', 'update');
  }
  const buffers = (of: Machine) =>
    Object.fromEntries(Object.entries(of.kept()).filter(([k]) => k.startsWith('buffer:')));
  expect(buffers(m)).toEqual(buffers(still));
  expect(m.kept()['buffer:norm.num_batches_tracked']).toEqual([2]);
});

test('averages of weights follow them', () => {
  const o = opened(4);
  const m = machine(o, { ema: true });
  const name = 'head.bias';
  const weights: number[][] = [];
  let expected: number[] = [];
  for (const [t, decay] of [0, 0.5, 0.9].entries()) {
    step(m, o.section, t + 1, batchOf(4, t));
    m.feed({ decay: [decay] }).run('ema');
    const w = m.kept()[`param:${name}`];
    weights.push(w);
    expected = t === 0 ? w : expected.map((e, i) => decay * e + (1 - decay) * w[i]);
  }
  expect(weights[2]).not.toEqual(weights[0]);
  // stem.weight 90, stem.bias 5, head.weight 15, head.bias 3: each from a multiple of 64 on.
  const at = 128 + 64 + 64;
  m.kept()
    ['state:ema.0'].slice(at, at + 3)
    .forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i], 12);
    });
});

describe('a step whose loss is not finite changes nothing', () => {
  const bad = { ...batchOf(2), x: batchOf(2).x.map((v, i) => (i === 3 ? Number.NaN : v)) };

  test('in one batch, averages included', () => {
    const o = opened(2, { norm: true });
    const m = machine(o, { ema: true });
    step(m, o.section, 1, batchOf(2));
    m.feed({ decay: [0] }).run('ema');
    const before = m.kept();
    const { loss } = step(m, o.section, 2, bad);
    expect(loss[0]).toBeNaN();
    m.feed({ decay: [0.5] }).run('ema');
    expect(m.kept()).toEqual(before);
    step(m, o.section, 2, batchOf(2));
    expect(Object.values(m.kept()).flat().every(Number.isFinite)).toBe(true);
    expect(m.kept()).not.toEqual(before);
  });

  test.each([0, 1])('in micro-batch %i of two', (place) => {
    const o = opened(2, { norm: true });
    const m = machine(o, { accumulate: true });
    accumulated(m, o.section, 1, [batchOf(2), batchOf(2, 9)]);
    const before = m.kept();
    const parts = [batchOf(2), batchOf(2, 9)].map((part, i) => (i === place ? bad : part));
    expect(accumulated(m, o.section, 2, parts)['loss'][0]).toBeNaN();
    expect(m.kept()).toEqual(before);
    accumulated(m, o.section, 2, [batchOf(2), batchOf(2, 9)]);
    expect(Object.values(m.kept()).flat().every(Number.isFinite)).toBe(true);
  });

  test('nor one whose gradients alone are not', () => {
    const o = opened(2, { norm: true });
    const m = machine(o);
    m.feed({ ...batchOf(2), hyper: hyperParameters(o.section.optimizer, 0.01, 1) });
    const before = m.kept();
    m.run('gradients');
    m.values.get('carry:gradient.0')![0] = Number.POSITIVE_INFINITY;
    m.run('update');
    expect(m.kept()).toEqual(before);
  });
});
