import type { Graph } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import type { Precision } from '../ir/storage.ts';
import type { Target } from '../ir/target.ts';

/** What a pass may know beside the graph. */
export interface PassContext {
  readonly ops: OpTable;
  /** What is compiled for. */
  readonly target: Target;
  /** By default f32. */
  readonly precision?: Precision;
  /** Bytes that the values of a graph may take at once, as `recompute` estimates them; left out: any number. */
  readonly budget?: number;
}

/**
 * A step from graph to graph before planning. It keeps the sources with their names, the order and names of the
 * outputs, and what each output and update is as a function of the sources; the same graph gives the same graph.
 */
export interface Pass {
  /** Kebab-case, as `archc emit graph --after` takes it. */
  readonly name: string;
  /** One sentence. */
  readonly doc: string;
  run(graph: Graph, context: PassContext): Graph;
}
