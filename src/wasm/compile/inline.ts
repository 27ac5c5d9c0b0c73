import { returnsItself } from '../wgsl/barriers.ts';
import type { FunctionTree } from '../wgsl/tree.ts';
import { WgslError } from '../wgsl/wgsl-error.ts';
import type { Context } from './context.ts';
import { leavesOf } from './leaves.ts';
import { lower } from './lower-expression.ts';
import { lowerBlock } from './lower-statement.ts';
import type { Label, Node } from './region.ts';

/** Puts the body of a function in the place of a call; gives the leaves of its result. */
export function inlineCall(
  c: Context,
  callee: FunctionTree,
  args: readonly (readonly Node[])[],
): readonly Node[] {
  const at = callee.body[0]?.at ?? { line: 1, column: 1 };
  if (c.calls.includes(callee)) throw new WgslError(`${callee.name} calls itself`, at);
  c.calls.push(callee);
  const { environment, targets } = c;
  // A function sees its parameters; what stands outside of functions is constant, or lies in memory.
  c.environment = new Map(callee.parameters.map((p, k) => [p, args[k]]));
  const result = inlineBody(c, callee);
  c.environment = environment;
  c.targets = targets;
  c.calls.pop();
  return result;
}

function inlineBody(c: Context, callee: FunctionTree): readonly Node[] {
  const last = callee.body.at(-1);
  const value = last?.kind === 'return' ? last.value : undefined;
  const body = last?.kind === 'return' ? callee.body.slice(0, -1) : callee.body;
  if (!returnsItself(body)) {
    lowerBlock(c, body);
    return value ? lower(c, value) : [];
  }
  const cells = callee.result ? c.cellsFor(leavesOf(callee.result).map((rep) => ({ rep }))) : [];
  const label: Label = { used: false };
  const region = c.inner();
  c.targets = { back: { label, cells: new Map(), result: cells } };
  c.within(region, c.floor, () => {
    lowerBlock(c, callee.body);
  });
  c.pending.delete(label);
  c.emit({ kind: 'block', label, body: region });
  c.dead = false;
  c.changeMemory();
  return cells.map((cell) => c.get(cell, c.taint.functions.has(callee)));
}
