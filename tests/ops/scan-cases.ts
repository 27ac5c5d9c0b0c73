import { differentiate } from '../../src/autodiff/gradients.ts';
import { GraphBuilder } from '../../src/ir/builder.ts';
import { elementCount, type Graph, type Shape, type ValueId } from '../../src/ir/graph.ts';
import type { RefTensor } from '../../src/ir/op.ts';
import { ops } from '../../src/ops/index.ts';
import { interpret } from '../../src/reference/interpret.ts';

/** A scan for tests. */
export interface ScanCase {
  batch: number;
  groups: number;
  depth: number;
  states: number;
  length: number;
  softplus?: boolean;
  /** Shift of delta_bias: -4 makes steps of about 0.02, so that states live long. */
  bias?: number;
  maxBinding?: number;
  forwardOnly?: boolean;
}

/** Numbers in [-1, 1] that depend on nothing but the seed (a linear congruence, Numerical Recipes). */
function numbers(seed: number, count: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** The scan and, unless `forwardOnly`, all its gradients, with what is fed to it. */
export function buildScan(c: ScanCase) {
  const channels = c.groups * c.depth;
  const rows: Shape = [c.batch, channels, c.length];
  const inner: Shape = [c.batch, c.groups, c.states, c.length];
  const shapes: [string, Shape][] = [
    ['u', rows],
    ['delta', rows],
    ['A_log', [channels, c.states]],
    ['B', inner],
    ['C', inner],
    ['D', [channels]],
    ['delta_bias', [channels]],
    ['dy', rows],
  ];
  const b = new GraphBuilder(ops);
  const sources = shapes.map(([name, shape]) => b.source('input', name, shape));
  const feeds = new Map<string, Float32Array>();
  shapes.forEach(([name, shape], i) => {
    let data = numbers(i + 1, elementCount(shape));
    // Without softplus the step sizes must not be negative, or states grow without bound.
    if (name === 'delta' && c.softplus === false) data = data.map(Math.abs);
    if (name === 'delta_bias') data = data.map((x) => (c.softplus === false ? 0.1 : x + (c.bias ?? 0)));
    feeds.set(name, data);
  });
  const inputs = sources.slice(0, 7);
  const y = b.apply('selective_scan', inputs, { delta_softplus: c.softplus ?? true });
  b.output('y', y);
  if (!c.forwardOnly) {
    differentiate(b, new Map([[y, sources[7]]]), inputs).forEach((g, i) => {
      b.output(`grad.${shapes[i][0]}`, g!);
    });
  }
  return { graph: b.build(), feeds };
}

/** The error of each output beside the float64 reference, relative to its largest value; infinite where it is no number. */
export function scanErrors(
  c: ScanCase,
  graph: Graph,
  feeds: ReadonlyMap<string, Float32Array>,
  result: (name: string) => ArrayLike<number>,
): Map<string, number> {
  const tensors = new Map<ValueId, RefTensor>();
  for (const { name, value } of graph.sources) {
    tensors.set(value, { shape: graph.values[value].shape, data: Float64Array.from(feeds.get(name)!) });
  }
  const truths = interpret(graph, ops, tensors);
  return new Map(
    graph.outputs.map(({ name, value }) => {
      const truth = truths.get(value)!.data;
      const got = result(name);
      let difference = 0;
      let largest = 0;
      truth.forEach((t, i) => {
        difference = Math.max(
          difference,
          Number.isFinite(got[i]) ? Math.abs(t - got[i]) : Number.POSITIVE_INFINITY,
        );
        largest = Math.max(largest, Math.abs(t));
      });
      // One step has no state before it: the gradient of A is exactly 0.
      if (c.length > 1 && largest === 0) throw new Error(`${name} is 0 everywhere`);
      return [name, largest === 0 ? difference : difference / largest];
    }),
  );
}

export const scanName = (c: ScanCase) =>
  `[${c.batch}, ${c.groups}*${c.depth}, ${c.length}], N ${c.states}` +
  (c.softplus === false ? ', no softplus' : '') +
  (c.maxBinding ? ', small bindings' : '');
