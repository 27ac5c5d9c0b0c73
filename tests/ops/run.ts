import { kernelRenderer } from '../../src/compiler/renderer.ts';
import type { Graph, ValueId } from '../../src/ir/graph.ts';
import type { RefTensor } from '../../src/ir/op.ts';
import type { Target } from '../../src/ir/target.ts';
import { ops } from '../../src/ops/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { interpret } from '../../src/reference/interpret.ts';
import type { Session } from '../../src/runtime/session.ts';
import type { TestDevice } from '../device.ts';

/** Data of each source by name; sources are all fed. */
export type Feeds = Readonly<Record<string, ArrayLike<number>>>;
/** Each output by name. */
export type Results = ReadonlyMap<string, ArrayLike<number>>;

/** The outputs of a graph in float64. */
export function runReference(graph: Graph, feeds: Feeds): Results {
  const tensors = new Map<ValueId, RefTensor>();
  for (const { name, value } of graph.sources) {
    tensors.set(value, { shape: graph.values[value].shape, data: Float64Array.from(feeds[name]) });
  }
  const results = interpret(graph, ops, tensors);
  return new Map(graph.outputs.map((o) => [o.name, results.get(o.value)!.data]));
}

/** The graph as a session of the device. The caller destroys it. */
export function openSession(
  device: TestDevice,
  graph: Graph,
  target: Target = device.target,
): Promise<Session> {
  const program = planProgram({ forward: graph }, ops, kernelRenderer(), { model: 'test', batch: 1, target });
  return device.open(program);
}

/** Writes sources; those that nothing reads are passed over. */
export function feed(session: Session, graph: Graph, feeds: Feeds): void {
  for (const { kind, name, value } of graph.sources) {
    const data = feeds[name];
    if (data === undefined || !session.has(kind, name)) continue;
    const typed = graph.values[value].dtype === 'i32' ? Int32Array.from(data) : Float32Array.from(data);
    session.write(kind, name, typed);
  }
}

/** The outputs of a graph on the device. */
export async function runOn(
  device: TestDevice,
  graph: Graph,
  feeds: Feeds,
  target?: Target,
): Promise<Results> {
  const session = await openSession(device, graph, target);
  feed(session, graph, feeds);
  session.run('forward');
  const results = await session.readOutputs(
    'forward',
    graph.outputs.map((o) => o.name),
  );
  session.destroy();
  return results;
}
