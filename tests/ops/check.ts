import { differentiate } from '../../src/autodiff/gradients.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { GraphBuilder } from '../../src/ir/builder.ts';
import { elementCount, type Graph, type ValueId } from '../../src/ir/graph.ts';
import type { DeviceLimits } from '../../src/ir/kernel.ts';
import type { RefTensor } from '../../src/ir/op.ts';
import { ops } from '../../src/ops/index.ts';
import type { ForcedKernels } from '../../src/plan/candidates.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { interpret } from '../../src/reference/interpret.ts';
import type { TestDevice } from '../device.ts';
import { relativeError } from './cases.ts';

/** A graph with a random value for each source, and its results on the reference backend. */
export interface Probe {
  readonly graph: Graph;
  readonly feeds: ReadonlyMap<ValueId, RefTensor>;
  readonly results: ReadonlyMap<ValueId, RefTensor>;
  /** Names of the outputs that are differentiated. */
  readonly differentiated: readonly string[];
}

/** Values between -2 and 2, the same for the same seed (a linear congruential generator). */
function values(count: number, seed: number): Float64Array {
  let state = seed * 7919 + 1;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround((state / 2 ** 32) * 4 - 2);
  });
}

/**
 * Builds a graph, differentiates the sum of its outputs, each weighted with random numbers, by its f32
 * inputs, and interprets it in float64.
 *
 * @param shapes the inputs
 * @param build returns the outputs to look at; those in `ignored` (by index) take no part in the loss
 */
export function probe(
  shapes: readonly (readonly number[])[],
  build: (b: GraphBuilder, inputs: ValueId[]) => ValueId[],
  ignored: readonly number[] = [],
): Probe {
  const b = new GraphBuilder(ops);
  const inputs = shapes.map((s, i) => b.source('input', `x${i}`, s));
  const outputs = build(b, inputs);
  const differentiated: string[] = [];
  const seeds = new Map<ValueId, ValueId>();
  outputs.forEach((y, i) => {
    b.output(`y${i}`, y);
    if (ignored.includes(i)) return;
    seeds.set(y, b.source('input', `cot${i}`, b.shape(y)));
    differentiated.push(`y${i}`);
  });
  differentiate(b, seeds, inputs).forEach((g, i) => {
    if (g !== undefined) b.output(`g${i}`, g);
  });
  const graph = b.build();
  const feeds = new Map<ValueId, RefTensor>();
  graph.sources.forEach((s, i) => {
    const { shape } = graph.values[s.value];
    feeds.set(s.value, { shape, data: values(elementCount(shape), i + 1) });
  });
  return { graph, feeds, results: interpret(graph, ops, feeds), differentiated };
}

export function outputOf({ graph, results }: Probe, name: string): RefTensor {
  return results.get(graph.outputs.find((o) => o.name === name)!.value)!;
}

/**
 * Largest error of any output on a device against the reference backend, relative to the output's largest value.
 * `narrower` limits are planned for instead of the device's; `kernels` are variants to take, by op.
 */
export async function deviceError(
  { target: own, open }: TestDevice,
  p: Probe,
  narrower: Partial<DeviceLimits> = {},
  kernels?: ForcedKernels,
): Promise<number> {
  const target = { ...own, limits: { ...own.limits, ...narrower } };
  const program = planProgram({ forward: p.graph }, ops, kernelRenderer(), {
    model: 'probe',
    batch: 1,
    target,
    kernels,
  });
  const session = await open(program);
  for (const s of p.graph.sources) {
    if (session.has('input', s.name))
      session.write('input', s.name, Float32Array.from(p.feeds.get(s.value)!.data));
  }
  session.run('forward');
  const names = p.graph.outputs.map((o) => o.name);
  const results = await session.readOutputs('forward', names);
  session.destroy();
  return Math.max(...names.map((n) => relativeError(results.get(n)!, outputOf(p, n).data)));
}

/** Largest error of the reference gradients against central differences, relative to the gradient's largest value. */
export function gradientError(p: Probe, samples = 40): number {
  const step = 1e-5;
  const source = (name: string) => p.graph.sources.find((s) => s.name === name)!.value;
  const outputs = p.graph.outputs.filter((o) => p.differentiated.includes(o.name));
  const forward = { ...p.graph, outputs };
  const loss = () => {
    const results = interpret(forward, ops, p.feeds);
    return outputs.reduce((total, o) => {
      const cot = p.feeds.get(source(o.name.replace('y', 'cot')))!.data;
      return total + results.get(o.value)!.data.reduce((sum, y, i) => sum + y * cot[i], 0);
    }, 0);
  };
  let worst = 0;
  for (const { name } of p.graph.outputs.filter((o) => o.name.startsWith('g'))) {
    const gradient = outputOf(p, name).data;
    const x = p.feeds.get(source(name.replace('g', 'x')))!.data;
    const largest = gradient.reduce((m, g) => Math.max(m, Math.abs(g)), 1e-12);
    const stride = Math.max(1, Math.floor(x.length / samples));
    for (let i = 0; i < x.length; i += stride) {
      const before = x[i];
      x[i] = before + step;
      const up = loss();
      x[i] = before - step;
      const down = loss();
      x[i] = before;
      worst = Math.max(worst, Math.abs((up - down) / (2 * step) - gradient[i]) / largest);
    }
  }
  return worst;
}
