import type { Graph } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import { type VerifyOptions, verifyGraph } from '../ir/verify.ts';
import { layout } from './layout/index.ts';
import { ownMemory } from './own-memory.ts';
import type { Pass, PassContext } from './pass.ts';
import { precision } from './precision.ts';
import { prune } from './prune.ts';
import { recompute } from './recompute/index.ts';
import { simplify } from './simplify/index.ts';
import { split } from './split/index.ts';

export type { Pass, PassContext } from './pass.ts';

/** All passes, in the order in which they run. */
export const passes: readonly Pass[] = [prune, simplify, layout, recompute, ownMemory, split, precision];

export interface RunPasses {
  /** Name of the first pass to run; by default all do. */
  readonly from?: string;
  /** Name of the last pass to run. */
  readonly after?: string;
  /** The first pass that does not run. */
  readonly before?: string;
  /** Checks the graph that is given and that of each pass ({@link verifyGraph}); a problem is a fault of the compiler. */
  readonly verify?: boolean;
}

/** The graph as it is planned. */
export function runPasses(graph: Graph, context: PassContext, options: RunPasses = {}): Graph {
  const { from, after, before, verify = false } = options;
  const first = from === undefined ? 0 : indexOf(from);
  const end =
    before !== undefined ? indexOf(before) : after === undefined ? passes.length : indexOf(after) + 1;
  if (verify) requireSound(graph, context.ops, 'before the first pass');
  return passes.slice(first, end).reduce((current, pass, i) => {
    const changed = pass.run(current, context);
    const placed = first + i >= passes.indexOf(ownMemory);
    if (verify) requireSound(changed, context.ops, `after the pass ${pass.name}`, { placed });
    return changed;
  }, graph);
}

function indexOf(name: string): number {
  const found = passes.findIndex((pass) => pass.name === name);
  if (found < 0) throw new Error(`there is no pass named ${name}`);
  return found;
}

/** @throws Error that says what {@link verifyGraph} finds */
export function requireSound(graph: Graph, ops: OpTable, when: string, options?: VerifyOptions): void {
  const problems = verifyGraph(graph, ops, options);
  if (problems.length > 0) throw new Error(`the graph is wrong ${when}: ${problems.slice(0, 5).join('; ')}`);
}
