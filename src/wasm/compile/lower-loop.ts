import type { Block, Expression, Variable } from '../wgsl/tree.ts';
import { blocksOf } from '../wgsl/walk.ts';
import type { Context } from './context.ts';
import { lowerOne } from './lower-expression.ts';
import { cellsOf, getAll, setAll } from './merge.ts';
import type { Label } from './region.ts';
import { divides, Runs } from './runs.ts';
import { type Loop, type Unrolled, unrolled } from './unroll.ts';

type LowerBlock = (c: Context, block: Block) => void;

/** @param lowerBlock makes the statements of a body */
export function lowerLoop(c: Context, s: Loop, lowerBlock: LowerBlock): void {
  lowerBlock(c, s.initial);
  const turns = unrolled(c, s);
  if (!turns) repeat(c, s, lowerBlock, () => lowerBlock(c, s.body));
  else if (divides(s.body)) lowerRuns(c, s, turns, lowerBlock);
  else lowerTurns(c, s, turns, turns.end, lowerBlock);
}

/** Turns up to an end: four at a time, then one by one. */
function lowerTurns(
  c: Context,
  s: Loop,
  { counter, turn, wide }: Unrolled,
  end: Expression,
  lowerBlock: LowerBlock,
): void {
  const turns = (lanes: readonly number[]) => () => {
    const [first] = c.environment.get(counter)!;
    for (const lane of lanes) {
      c.environment.set(counter, [c.graph.op('i32.add', first, c.graph.i32(lane))]);
      c.runs?.at(first, lane);
      lowerBlock(c, s.body);
    }
    c.environment.set(counter, [first]);
  };
  repeat(c, wide(end), lowerBlock, turns([0, 1, 2, 3]));
  repeat(c, turn(end), lowerBlock, turns([0]));
}

/** The same in runs in which what the body divides has the same quotients. */
function lowerRuns(c: Context, s: Loop, turns: Unrolled, lowerBlock: LowerBlock): void {
  const { counter } = turns;
  const variable: Variable = { ...counter, name: 'end of a run' };
  const end: Expression = { kind: 'variable', type: variable.type, variable, at: s.at };
  repeat(c, { ...s, body: [turns.turn(end)], update: [] }, lowerBlock, () => {
    const before = c.environment;
    c.runs = new Runs(c.graph, before.get(counter)![0]);
    const aside = c.inner();
    const any = c.graph.fresh('cell', 'i32', [], 0, aside, false);
    c.runs.at(any, 0);
    c.environment = new Map(before).set(counter, [any]);
    c.within(aside, aside, () => lowerBlock(c, s.body));
    c.environment = new Map(before);
    c.environment.set(variable, [c.runs.end(lowerOne(c, turns.end))]);
    lowerTurns(c, s, turns, end, lowerBlock);
    c.runs = undefined;
  });
}

/** A loop behind its `initial`. */
function repeat(c: Context, s: Loop, lowerBlock: LowerBlock, lowerBody: () => void): void {
  const cells = cellsOf(c, [s.body, s.update]);
  setAll(c, cells);
  const exit: Label = { used: false };
  const condition = () => (s.condition ? lowerOne(c, s.condition) : c.graph.i32(1));
  const first = condition();
  const outer = c.inner();
  const { targets } = c;
  const before = c.environment;
  c.environment = new Map(before);
  c.within(outer, c.floor, () => {
    // What the loop does not change is computed behind this test, before the loop.
    if (first.op !== 'i32.const' || first.imm === 0) c.branch(exit, c.graph.op('i32.eqz', first));
    const inner = c.inner(true);
    const head: Label = { used: false };
    c.within(inner, c.floor, () => {
      c.changeMemory();
      getAll(c, cells);
      const next: Label = { used: false };
      c.targets = { ...targets, leave: { label: exit, cells }, next: { label: next, cells } };
      if (continues(s.body)) {
        const body = c.inner();
        c.within(body, c.floor, () => {
          lowerBody();
          if (!c.dead) setAll(c, cells);
        });
        c.emit({ kind: 'block', label: next, body });
        c.pending.delete(next);
        c.dead = false;
        getAll(c, cells);
        c.changeMemory();
      } else lowerBody();
      if (c.dead) return;
      lowerBlock(c, s.update);
      const done = s.breakIf && c.graph.op('i32.eqz', lowerOne(c, s.breakIf));
      const again = s.condition ? condition() : undefined;
      setAll(c, cells);
      c.branch(head, done ?? again);
      c.pending.delete(head);
    });
    c.emit({ kind: 'loop', label: head, body: inner });
  });
  c.pending.delete(exit);
  c.emit({ kind: 'block', label: exit, body: outer });
  c.targets = targets;
  // Out of a loop without a condition only a branch leads.
  c.dead = !exit.used && s.condition === undefined && s.breakIf === undefined;
  c.environment = before;
  getAll(c, cells);
  c.changeMemory();
}

/** Whether a `continue` of this loop is in it. */
function continues(block: Block): boolean {
  return block.some((s) => s.kind === 'continue' || (s.kind !== 'loop' && blocksOf(s).some(continues)));
}
