import { hasBarrier } from '../wgsl/barriers.ts';
import type { Block, Expression, Statement, Variable } from '../wgsl/tree.ts';
import { sizeOf } from '../wgsl/types.ts';
import { blocksOf, expressionsIn, expressionsOf, operandsOf } from '../wgsl/walk.ts';
import { WgslError } from '../wgsl/wgsl-error.ts';
import type { Context, Environment, Exit } from './context.ts';
import { counted } from './counted.ts';
import { lowerOne } from './lower-expression.ts';
import { load, type MemoryPlace, store } from './lower-memory.ts';
import { lowerBlock } from './lower-statement.ts';
import { assignedIn } from './places.ts';
import type { Label, Node } from './region.ts';

/**
 * Kernels with barriers. What lies between two barriers is run by all invocations of a workgroup, one after the other,
 * before the next part begins; what an invocation keeps from one part to another lies in memory. Loops and branches with
 * a barrier in them are the same for all invocations, as WGSL asks for: the first one decides.
 */
export interface Cooperation {
  readonly lanes: number;
  /** What an invocation knows of itself. */
  builtins(lane: Node): Environment;
  /** The first byte of what invocations keep. */
  readonly state: Node;
}

/** Statements that all invocations run in turn, or one that they run together. */
type Part = { readonly statements: Block } | { readonly together: Statement };

/** Whether control may leave a statement, but by its end. */
function escapes(s: Statement, inLoop = false): boolean {
  switch (s.kind) {
    case 'return':
      return true;
    case 'break':
    case 'continue':
      return !inLoop;
    case 'loop':
      return s.body.some((inner) => escapes(inner, true));
    default:
      return blocksOf(s).some((b) => b.some((inner) => escapes(inner, inLoop)));
  }
}

function partsOf(block: Block, isWhole: boolean): Part[] {
  const lastBarrier = block.findLastIndex((s) => hasBarrier([s]));
  const parts: Part[] = [];
  let run: Statement[] = [];
  const close = () => {
    if (run.length > 0) parts.push({ statements: run });
    run = [];
  };
  block.forEach((s, k) => {
    // Behind the last barrier each goes its own way.
    const alone = isWhole && k > lastBarrier;
    if (alone || !(hasBarrier([s]) || escapes(s))) {
      run.push(s);
      return;
    }
    close();
    parts.push({ together: s });
  });
  close();
  return parts;
}

/** Bytes that one invocation keeps, and where. */
export interface Kept {
  readonly offsets: ReadonlyMap<Variable, number>;
  readonly bytes: number;
}

/** The variables that more than one part names. */
export function keptIn(body: Block, lanes: number): Kept {
  const uses = new Map<Variable, Set<number>>();
  let part = 0;
  const inExpression = (e: Expression): void => {
    if (e.kind === 'variable' && (e.variable.space === 'local' || e.variable.space === 'parameter'))
      note(e.variable);
    operandsOf(e).forEach(inExpression);
  };
  const note = (v: Variable): void => {
    const known = uses.get(v) ?? new Set<number>();
    uses.set(v, known.add(part));
  };
  const inStatement = (s: Statement): void => {
    if (s.kind === 'declare') note(s.variable);
    expressionsOf(s).forEach(inExpression);
    for (const b of blocksOf(s)) b.forEach(inStatement);
  };
  const inBlock = (block: Block, isWhole: boolean): void => {
    for (const p of partsOf(block, isWhole)) {
      part++;
      if ('statements' in p) p.statements.forEach(inStatement);
      else {
        expressionsOf(p.together).forEach(inExpression);
        for (const b of blocksOf(p.together)) inBlock(b, false);
      }
    }
  };
  inBlock(body, true);
  const offsets = new Map<Variable, number>();
  let bytes = 0;
  for (const [v, parts] of uses) {
    if (parts.size < 2) continue;
    offsets.set(v, bytes);
    bytes += lanes * Math.ceil(sizeOf(v.type) / 4) * 4;
  }
  return { offsets, bytes };
}

export function cooperate(c: Context, body: Block, how: Cooperation, kept: Kept): void {
  const g = c.graph;

  const placeOf = (v: Variable, lane: Node): MemoryPlace => {
    const stride = Math.ceil(sizeOf(v.type) / 4) * 4;
    const start = g.op('i32.add', how.state, g.i32(kept.offsets.get(v)!));
    const base = g.op('i32.add', start, g.op('i32.mul', lane, g.i32(stride)));
    return {
      variable: v,
      home: { base, written: true },
      offset: { terms: new Map(), constant: 0 },
      data: false,
    };
  };

  /** An invocation with what it keeps of what it needs. */
  const resume = (lane: Node, needed: ReadonlySet<Variable>): void => {
    c.environment = new Map(how.builtins(lane));
    for (const v of needed) if (kept.offsets.has(v)) c.environment.set(v, load(c, placeOf(v, lane), v.type));
  };

  const inTurn = (statements: Block): void => {
    const named = namedIn(statements);
    const changed = [...assignedIn(statements), ...declaredIn(statements)].filter((v) => kept.offsets.has(v));
    counted(c, g.i32(0), g.i32(how.lanes), (lane) => {
      c.changeMemory();
      const label: Label = { used: false };
      const region = c.inner();
      const { targets } = c;
      c.targets = { back: { label, cells: new Map(), result: [] } };
      resume(lane, named);
      c.within(region, c.floor, () => {
        lowerBlock(c, statements);
        if (c.dead) return;
        for (const v of new Set(changed)) store(c, placeOf(v, lane), v.type, c.environment.get(v)!);
      });
      c.pending.delete(label);
      c.emit({ kind: 'block', label, body: region });
      c.dead = false;
      c.targets = targets;
    });
    c.changeMemory();
  };

  /** A condition as the first invocation sees it. */
  const decided = (e: Expression): Node => {
    resume(g.i32(0), namedIn([{ kind: 'evaluate', value: e, at: e.at }]));
    return lowerOne(c, e);
  };

  const together = (s: Statement): void => {
    switch (s.kind) {
      case 'barrier':
        return;
      case 'block':
        inOrder(s.body, false);
        return;
      case 'break':
      case 'continue':
        c.branch((s.kind === 'break' ? c.targets.leave! : c.targets.next!).label);
        return;
      case 'return':
        c.branch(c.targets.back.label);
        return;
      case 'if': {
        const condition = decided(s.condition);
        const ways = [s.body, s.otherwise].map((block) => {
          const region = c.inner();
          c.dead = false;
          c.within(region, region, () => inOrder(block, false));
          return { region, dead: c.dead };
        });
        c.emit({ kind: 'if', condition, body: ways[0].region, otherwise: ways[1].region });
        c.dead = ways.every((w) => w.dead);
        c.changeMemory();
        return;
      }
      case 'loop':
        loop(s);
        return;
      default:
        throw new WgslError(`a barrier in ${s.kind} is not supported`, s.at);
    }
  };

  const loop = (s: Statement & { kind: 'loop' }): void => {
    inOrder(s.initial, false);
    const exit: Exit = { label: { used: false }, cells: new Map() };
    const next: Exit = { label: { used: false }, cells: new Map() };
    const head: Label = { used: false };
    const { targets } = c;
    const outer = c.inner();
    c.within(outer, outer, () => {
      const inner = c.inner(true);
      c.within(inner, inner, () => {
        c.changeMemory();
        if (s.condition) c.branch(exit.label, g.op('i32.eqz', decided(s.condition)));
        const body = c.inner();
        c.targets = { ...targets, leave: exit, next };
        c.within(body, body, () => inOrder(s.body, false));
        c.emit({ kind: 'block', label: next.label, body });
        c.pending.delete(next.label);
        c.dead = false;
        inOrder(s.update, false);
        if (s.breakIf) c.branch(exit.label, decided(s.breakIf));
        c.branch(head);
        c.pending.delete(head);
      });
      c.emit({ kind: 'loop', label: head, body: inner });
    });
    c.pending.delete(exit.label);
    c.emit({ kind: 'block', label: exit.label, body: outer });
    c.targets = targets;
    c.dead = false;
    c.changeMemory();
  };

  const inOrder = (block: Block, isWhole: boolean): void => {
    for (const part of partsOf(block, isWhole)) {
      if (c.dead) return;
      const open = c.pending.size;
      if ('statements' in part) inTurn(part.statements);
      else together(part.together);
      if (c.pending.size > open) c.guard();
    }
  };

  inOrder(body, true);
}

/** Variables that statements name, but not those of the functions that they call. */
function namedIn(block: Block): ReadonlySet<Variable> {
  return new Set(expressionsIn(block).flatMap((e) => (e.kind === 'variable' ? [e.variable] : [])));
}

/** Variables that statements declare themselves, not within blocks. */
function declaredIn(block: Block): Variable[] {
  return block.flatMap((s) => (s.kind === 'declare' ? [s.variable] : []));
}
