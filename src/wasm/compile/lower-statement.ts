import type { Block, Expression, Statement, Variable } from '../wgsl/tree.ts';
import { WgslError } from '../wgsl/wgsl-error.ts';
import type { Context, Environment, Exit } from './context.ts';
import { leavesOf, zero } from './leaves.ts';
import { lower, lowerOne, operated, partsOf } from './lower-expression.ts';
import { clamped, load, memoryPlace, store } from './lower-memory.ts';
import { binary, selected } from './operators.ts';
import { assignedIn, rootVariable } from './places.ts';
import type { Cell, Label, Node } from './region.ts';

export function lowerBlock(c: Context, block: Block): void {
  for (const s of block) {
    if (c.dead) return;
    const open = c.pending.size;
    lowerStatement(c, s);
    // Some way led out of here: what follows only runs where it was not taken.
    if (c.pending.size > open) c.guard();
  }
}

function lowerStatement(c: Context, s: Statement): void {
  switch (s.kind) {
    case 'declare': {
      const zeros = () => leavesOf(s.variable.type).map((rep) => zero(c.graph, rep));
      c.environment.set(s.variable, s.value ? lower(c, s.value) : zeros());
      return;
    }
    case 'assign':
      assign(c, s);
      return;
    case 'evaluate':
      lower(c, s.value);
      return;
    case 'barrier':
      throw new WgslError('a barrier is not supported here', s.at);
    case 'if':
      lowerIf(c, lowerOne(c, s.condition), s.body, s.otherwise);
      return;
    case 'loop':
      lowerLoop(c, s);
      return;
    case 'switch':
      lowerSwitch(c, s);
      return;
    case 'break':
      leave(c, c.targets.leave!);
      return;
    case 'continue':
      leave(c, c.targets.next!);
      return;
    case 'return': {
      const { back } = c.targets;
      const values = s.value ? lower(c, s.value) : [];
      back.result.forEach((cell, k) => {
        c.set(cell, values[k]);
      });
      leave(c, back);
      return;
    }
    case 'block':
      lowerBlock(c, s.body);
      return;
  }
}

function leave(c: Context, { label, cells }: Exit): void {
  setAll(c, cells);
  c.branch(label);
}

function setAll(c: Context, cells: ReadonlyMap<Variable, readonly Cell[]>): void {
  for (const [v, leaves] of cells) {
    const values = c.environment.get(v)!;
    leaves.forEach((cell, k) => {
      c.set(cell, values[k]);
    });
  }
}

function getAll(c: Context, cells: ReadonlyMap<Variable, readonly Cell[]>): void {
  for (const [v, leaves] of cells) {
    c.environment.set(
      v,
      leaves.map((cell) => c.get(cell, c.isTainted(v))),
    );
  }
}

/** Cells for variables that are assigned to in blocks and known outside of them. */
function cellsOf(c: Context, blocks: readonly Block[]): Map<Variable, readonly Cell[]> {
  const cells = new Map<Variable, readonly Cell[]>();
  for (const block of blocks) {
    for (const v of assignedIn(block)) {
      const leaves = c.environment.get(v);
      if (leaves && !cells.has(v)) cells.set(v, c.cellsFor(leaves));
    }
  }
  return cells;
}

function lowerIf(c: Context, condition: Node, body: Block, otherwise: Block): void {
  if (condition.op === 'i32.const') {
    lowerBlock(c, condition.imm === 0 ? otherwise : body);
    return;
  }
  const before = c.environment;
  const ways = [body, otherwise].map((block) => {
    const region = c.inner();
    c.environment = new Map(before);
    c.dead = false;
    c.within(region, region, () => lowerBlock(c, block));
    return { region, environment: c.environment, dead: c.dead };
  });
  const alive = ways.filter((w) => !w.dead);
  c.dead = alive.length === 0;
  const cells = new Map<Variable, readonly Cell[]>();
  const after: Environment = new Map();
  for (const v of before.keys()) {
    const leaves = alive.map((w) => w.environment.get(v)!);
    after.set(v, leaves[0] ?? before.get(v)!);
    if (leaves.length === 2 && leaves[0].some((x, k) => x !== leaves[1][k]))
      cells.set(v, c.cellsFor(leaves[0]));
  }
  for (const way of alive) {
    c.environment = way.environment;
    c.within(way.region, way.region, () => setAll(c, cells));
  }
  c.emit({ kind: 'if', condition, body: ways[0].region, otherwise: ways[1].region });
  c.environment = after;
  getAll(c, cells);
  if (alive.length > 0) c.changeMemory();
}

function lowerLoop(c: Context, s: Statement & { kind: 'loop' }): void {
  lowerBlock(c, s.initial);
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
          lowerBlock(c, s.body);
          if (!c.dead) setAll(c, cells);
        });
        c.emit({ kind: 'block', label: next, body });
        c.pending.delete(next);
        c.dead = false;
        getAll(c, cells);
        c.changeMemory();
      } else lowerBlock(c, s.body);
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
  return block.some((s) => {
    switch (s.kind) {
      case 'continue':
        return true;
      case 'if':
        return continues(s.body) || continues(s.otherwise);
      case 'switch':
        return s.cases.some((k) => continues(k.body));
      case 'block':
        return continues(s.body);
      default:
        return false;
    }
  });
}

function lowerSwitch(c: Context, s: Statement & { kind: 'switch' }): void {
  const g = c.graph;
  const selector = lowerOne(c, s.selector);
  const cells = cellsOf(
    c,
    s.cases.map((k) => k.body),
  );
  const exit: Label = { used: false };
  const { targets } = c;
  const before = c.environment;
  const region = c.inner();
  const special = s.cases.filter((k) => !k.isDefault);
  const usual = s.cases.find((k) => k.isDefault)?.body ?? [];
  c.targets = { ...targets, leave: { label: exit, cells } };
  c.within(region, c.floor, () => {
    const from = (k: number): void => {
      if (k === special.length) {
        lowerBlock(c, usual);
        if (!c.dead) setAll(c, cells);
        return;
      }
      const { values, body } = special[k];
      const condition = values
        .map((v) => g.op('i32.eq', selector, g.i32(v)))
        .reduce((a, b) => g.op('i32.or', a, b));
      const ways = [
        () => {
          lowerBlock(c, body);
          if (!c.dead) setAll(c, cells);
        },
        () => from(k + 1),
      ].map((make) => {
        const way = c.inner();
        c.environment = new Map(before);
        c.dead = false;
        c.within(way, way, make);
        return way;
      });
      c.emit({ kind: 'if', condition, body: ways[0], otherwise: ways[1] });
    };
    c.environment = new Map(before);
    from(0);
  });
  c.pending.delete(exit);
  c.emit({ kind: 'block', label: exit, body: region });
  c.targets = targets;
  c.dead = false;
  c.environment = before;
  getAll(c, cells);
  c.changeMemory();
}

function assign(c: Context, s: Statement & { kind: 'assign' }): void {
  const place = memoryPlace(c, s.place, (index) => lowerOne(c, index));
  if (place) {
    const value = lower(c, s.value);
    const { type } = s.place;
    store(c, place, type, s.op ? combined(c, s, load(c, place, type), value) : value);
    return;
  }
  const root = rootVariable(s.place)!;
  const value = lower(c, s.value);
  const whole = c.environment.get(root);
  if (!whole) throw new WgslError(`"${root.name}" has no value here`, s.at);
  const stored = s.op ? combined(c, s, lower(c, s.place), value) : value;
  c.environment.set(root, exchanged(c, s.place, whole, stored));
}

function combined(
  c: Context,
  s: Statement & { kind: 'assign' },
  was: readonly Node[],
  value: readonly Node[],
): readonly Node[] {
  const { type } = s.place;
  if (type.kind === 'matrix') {
    const quad = value[0].rep !== was[0].rep ? c.graph.op('f32x4.splat', value[0]) : value[0];
    return was.map((x) => binary(c.graph, s.op!, 'f32', x.rep === 'v128', x, quad));
  }
  return operated(c, s.op!, type, was, value);
}

/** The whole of a variable with a part of it exchanged. */
function exchanged(
  c: Context,
  place: Expression,
  whole: readonly Node[],
  stored: readonly Node[],
): readonly Node[] {
  if (place.kind === 'variable') return stored;
  if (place.kind !== 'field' && place.kind !== 'index' && place.kind !== 'swizzle')
    throw new WgslError('this place is not supported', place.at);
  const g = c.graph;
  const { type } = place.base;
  const base = place.base.kind === 'variable' ? whole : lower(c, place.base);
  let leaves: readonly Node[];
  if (type.kind === 'struct' && place.kind === 'field') {
    const before = type.members.slice(0, place.member).reduce((n, m) => n + leavesOf(m.type).length, 0);
    leaves = [...base.slice(0, before), ...stored, ...base.slice(before + stored.length)];
  } else {
    const parts = partsOf(c, type, base);
    const index =
      place.kind === 'swizzle'
        ? g.i32(place.lanes[0])
        : clamped(c, lowerOne(c, (place as { index: Expression }).index), g.i32(parts.length - 1));
    const lane = (k: number): Node => g.op('i32.eq', index, g.i32(k));
    leaves = rejoined(
      c,
      type,
      base,
      parts.map((part, k) =>
        part.map((x, leaf) =>
          x.rep === 'v128'
            ? g.op('select_v128', stored[leaf], x, lane(k))
            : selected(g, false, x, stored[leaf], lane(k)),
        ),
      ),
    );
  }
  return exchanged(c, place.base, whole, leaves);
}

function rejoined(
  c: Context,
  type: Expression['type'],
  base: readonly Node[],
  parts: readonly (readonly Node[])[],
): readonly Node[] {
  if (type.kind !== 'vector' || base[0].rep !== 'v128') return parts.flat();
  const g = c.graph;
  const { of } = type;
  // Lanes that stay are not touched.
  return [
    parts.reduce((v, [x], k) => {
      const word = of.name === 'bool' ? g.op('i32.sub', g.i32(0), x) : x;
      return isLane(v, x, k) ? v : g.lane(`${of.name === 'f32' ? 'f32' : 'i32'}x4.replace_lane`, k, v, word);
    }, base[0]),
  ];
}

const isLane = (v: Node, x: Node, k: number): boolean =>
  x.op.endsWith('extract_lane') && x.imm === k && baseOf(v) === baseOf(x.args[0]);

/** A vector before lanes were put into it. */
const baseOf = (v: Node): Node => (v.op.endsWith('replace_lane') ? baseOf(v.args[0]) : v);
