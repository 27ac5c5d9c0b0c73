import { describe, expect, test } from 'vitest';
import { gradientGraph } from '../../src/autodiff/differentiated.ts';
import { trainingEntries } from '../../src/autodiff/entries.ts';
import type { Elements } from '../../src/backend/backend.ts';
import { referenceBackend } from '../../src/backend/reference.ts';
import { trainSection } from '../../src/compiler/model.ts';
import { planPortably } from '../../src/compiler/portable.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import { GraphBuilder } from '../../src/ir/builder.ts';
import type { Graph } from '../../src/ir/graph.ts';
import { elementCount } from '../../src/ir/graph.ts';
import type { Target } from '../../src/ir/target.ts';
import type { ElaboratedModel } from '../../src/language/model.ts';
import { ops } from '../../src/ops/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { Random } from '../../src/recipe/random.ts';
import { useDevice } from '../device.ts';

const renderer = kernelRenderer();
const open = (training: boolean) => openModel('tests/networks/split.arch', { batch: 4, training });

const device = useDevice();

/** The device, as if its bindings held no more than so many bytes. */
const target = (bytes: number): Target => ({
  ...device().target,
  limits: { ...device().target.limits, maxStorageBufferBindingSize: bytes },
});

function sourcesOf(graph: Graph) {
  const random = Random.stream(7, 'split');
  return graph.sources.map(({ kind, name, value }) => {
    const { shape, dtype } = graph.values[value];
    const data = Float64Array.from({ length: elementCount(shape) }, () =>
      dtype === 'i32' ? random.integer(0, 2) : Math.fround(0.5 * random.normal()),
    );
    return { kind, name, data: dtype === 'i32' ? Int32Array.from(data) : data };
  });
}

/** Outputs of a graph as it is, in float64, and of the program for small bindings. */
async function both(model: ElaboratedModel, graph: Graph, bytes: number) {
  const names = graph.outputs.map((o) => o.name);
  const sources = sourcesOf(graph);
  const reference = await referenceBackend(ops).prepare({ test: graph }, model.name, model.batch);
  for (const { kind, name, data } of sources) reference.write(kind, name, data);
  reference.run('test');
  const program = planProgram({ test: graph }, ops, renderer, {
    model: model.name,
    batch: model.batch,
    target: target(bytes),
    verify: true,
  });
  const session = await device().open(program);
  try {
    for (const { kind, name, data } of sources) {
      const values = data instanceof Int32Array ? data : Float32Array.from(data);
      if (session.has(kind, name)) session.write(kind, name, values);
    }
    session.run('test');
    return {
      program,
      names,
      truth: await reference.readOutputs('test', names),
      found: await session.readOutputs('test', names),
    };
  } finally {
    session.destroy();
  }
}

function expectClose(
  names: readonly string[],
  truth: ReadonlyMap<string, Elements>,
  found: ReadonlyMap<string, Elements>,
) {
  const largest = (data: Elements) =>
    Float64Array.from(data, Math.abs).reduce((most, v) => Math.max(most, v), 0);
  const scale = Math.max(...names.map((name) => largest(truth.get(name)!)));
  for (const name of names) {
    const [one, other] = [truth.get(name)!, found.get(name)!];
    const difference = Float64Array.from(one, (v, i) => v - other[i]);
    // The tolerance of the networks' fixtures for gradients, over the largest value.
    expect(largest(difference) / scale, name).toBeLessThan(1e-5);
  }
}

describe.each([16384, 8192, 6144])('bindings of %i bytes', (bytes) => {
  test('a forward pass is what it was', async () => {
    const model = open(false);
    const { program, names, truth, found } = await both(model, model.graph, bytes);
    const bound = Object.values(program.entries).flatMap((e) =>
      e.dispatches.flatMap((d) => d.bindings.map(([, , n]) => n)),
    );
    expect(Math.max(...bound)).toBeLessThanOrEqual(bytes);
    expectClose(names, truth, found);
  });

  test('loss and gradients are what they were', async () => {
    const model = open(true);
    const { graph } = gradientGraph(model, trainSection(model), ops);
    const { names, truth, found } = await both(model, graph, bytes);
    expectClose(names, truth, found);
  });
});

test('labels whose parts begin where no binding can, and one value that is read whole and in part', async () => {
  const b = new GraphBuilder(ops);
  const x = b.mul(b.source('input', 'x', [4, 1, 5, 7]), b.source('param', 'w', [3, 1, 1]));
  const target = b.source('input', 'target', [4, 5, 7], 'i32');
  const k = b.apply('silu', [b.source('input', 'k', [1, 64, 2])]);
  b.output('dice', b.apply('dice_loss', [x, target], { batch: true }));
  b.output('entropy', b.apply('cross_entropy', [x, target]));
  b.output('gram', b.sum(b.apply('exp', [b.einsum('b i c, b j c -> b i j', k, k)]), [2]));
  const y = b.apply('exp', [b.source('input', 'z', [4, 256])]);
  b.output('y', y);
  b.output('flat', b.reshape(y, [2, 512]));
  const model = { name: 'Odd', batch: 4 } as ElaboratedModel;
  for (const bytes of [900, 2048, 16384]) {
    const { names, truth, found } = await both(model, b.build(), bytes);
    expectClose(names, truth, found);
  }
});

// The second is read by fours.
describe.each([
  [59, 17],
  [125, 8],
])('parts of %i×%i elements, which begin where no binding can', (rows, columns) => {
  test.each(['input', 'param'] as const)('of an %s and of what is computed', async (kind) => {
    const b = new GraphBuilder(ops);
    const x = b.source(kind, 'x', [3, rows, columns]);
    const w = b.source('input', 'w', [columns, 4]);
    const y = b.apply('silu', [b.mul(x, b.source('input', 'scale', [columns]))]);
    b.output('y', y);
    b.output('rows', b.sum(y, [2]));
    b.output('product', b.einsum('a b c, c d -> a b d', y, w));
    b.output('gradient', b.einsum('a b c, a b d -> c d', x, y));
    b.output('middle', b.apply('slice', [y], { axis: 0, start: 1, end: 2 }));
    const model = { name: 'Unaligned', batch: 3 } as ElaboratedModel;
    const { program, names, truth, found } = await both(model, b.build(), 4 * rows * columns + 252);
    const labels = program.entries['test'].dispatches.map((d) => d.label);
    expect(labels.filter((label) => /^(slice|concat|detach|increment)/.test(label))).toEqual([]);
    const vectors = program.kernels.filter(({ wgsl }) => /i \+ p\.before_\w+\) \/ 4u/.test(wgsl));
    expect(vectors.length > 0).toBe(columns % 4 === 0);
    expectClose(names, truth, found);
  });
});

test('parts of one large value that are packed', async () => {
  const b = new GraphBuilder(ops);
  const x = b.apply('silu', [b.source('input', 'x', [4, 300])]);
  const [p0, p1, rest] = b.applyAll('split', [x], { sizes: [1, 1, 2], axis: 0 });
  const pack = b.apply('pack', [b.reshape(p1, [300]), p0]);
  b.output('norm2', b.apply('sum_squares', [pack]));
  b.output('packed', b.apply('exp', [pack]));
  b.output('rest', rest);
  const model = { name: 'Packed', batch: 4 } as ElaboratedModel;
  const { names, truth, found } = await both(model, b.build(), 4000);
  expectClose(names, truth, found);
});

test('nnunet at batch 8, whose joined maps are 200 MiB, is compiled for any adapter', () => {
  const model = openModel('nnunet', { batch: 8, training: true });
  const section = trainSection(model);
  const { entries } = trainingEntries(model, section, section.optimizer, ops);
  const predictor = openModel('nnunet', { batch: 8 });
  const program = planPortably(model, { forward: predictor.graph, ...entries }, renderer);
  expect(program.requires.maxStorageBufferBindingSize).toBeLessThanOrEqual(128 * 2 ** 20);
  expect(program.requires.maxBufferSize).toBeLessThanOrEqual(256 * 2 ** 20);
});
