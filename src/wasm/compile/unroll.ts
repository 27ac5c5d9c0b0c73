import type { Block, Expression, Statement, Variable } from '../wgsl/tree.ts';
import { BOOL, isSame, U32 } from '../wgsl/types.ts';
import { calleesOf } from '../wgsl/walk.ts';
import type { Context } from './context.ts';
import { assignedIn, rootVariable } from './places.ts';

export type Loop = Statement & { kind: 'loop' };

/** A loop that counts up by one and stores something for each number. */
export interface Unrolled {
  readonly counter: Variable;
  /** Where it ends. */
  readonly end: Expression;
  /** The same up to another end, without its beginning. */
  turn(end: Expression): Loop;
  /** ... with four numbers at a time, as long as there are four before that. */
  wide(end: Expression): Loop;
}

/**
 * Whether four turns of a loop may become one: its body is a sequence without branches that changes nothing but memory
 * and its own variables. A counter next to 2³² would wrap, which no index of an array comes near to.
 */
export function unrolled(c: Context, s: Loop): Unrolled | undefined {
  const { condition, at } = s;
  if (c.options.bounds !== 'trusted' || s.breakIf || s.update.length !== 1) return undefined;
  const [step] = s.update;
  if (condition?.kind !== 'binary' || condition.op !== '<' || condition.left.kind !== 'variable')
    return undefined;
  const counter = condition.left.variable;
  const counts =
    isSame(counter.type, U32) &&
    step.kind === 'assign' &&
    step.op === '+' &&
    step.place.kind === 'variable' &&
    step.place.variable === counter &&
    step.value.kind === 'literal' &&
    step.value.value === 1;
  if (!counts || !isStraight(s.body) || !stores(s.body)) return undefined;
  for (const v of assignedIn(s.body)) if (c.environment.has(v)) return undefined;
  const number = (value: number): Expression => ({ kind: 'literal', type: U32, value, at });
  const last: Expression = { kind: 'binary', op: '+', type: U32, left: condition.left, right: number(3), at };
  return {
    counter,
    end: condition.right,
    turn: (end) => ({ ...s, initial: [], condition: { ...condition, right: end } }),
    wide: (end) => ({
      ...s,
      initial: [],
      condition: { ...condition, type: BOOL, left: last, right: end },
      update: [{ ...step, value: number(4) }],
    }),
  };
}

/** One thing after the other, also in what is called. */
function isStraight(block: Block): boolean {
  const plain = block.every((s, k) => {
    if (s.kind === 'block') return isStraight(s.body);
    if (s.kind === 'return') return k === block.length - 1;
    return s.kind === 'declare' || s.kind === 'assign' || s.kind === 'evaluate';
  });
  return plain && [...calleesOf(block)].every((f) => isStraight(f.body));
}

function stores(block: Block): boolean {
  const own = block.some((s) => {
    if (s.kind === 'block') return stores(s.body);
    return s.kind === 'assign' && rootVariable(s.place)?.space === 'storage';
  });
  return own || [...calleesOf(block)].some((f) => stores(f.body));
}
