import type { Block, Statement, Variable } from '../wgsl/tree.ts';
import { WgslError } from '../wgsl/wgsl-error.ts';
import type { Context, Environment, Exit } from './context.ts';
import { leavesOf, zero } from './leaves.ts';
import { assign } from './lower-assign.ts';
import { lower, lowerOne } from './lower-expression.ts';
import { lowerLoop } from './lower-loop.ts';
import { cellsOf, getAll, setAll } from './merge.ts';
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
      lowerLoop(c, s, lowerBlock);
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
    // Also of one way alone: what it computed need not be known behind it.
    const other = leaves[1] ?? before.get(v)!;
    if (leaves.length > 0 && leaves[0].some((x, k) => x !== other[k])) cells.set(v, c.cellsFor(leaves[0]));
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
