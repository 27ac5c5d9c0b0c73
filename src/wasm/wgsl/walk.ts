import type { Block, Expression, FunctionTree, Statement } from './tree.ts';

/** The expressions that an expression is made of. */
export function operandsOf(e: Expression): readonly Expression[] {
  switch (e.kind) {
    case 'literal':
    case 'variable':
      return [];
    case 'field':
    case 'swizzle':
      return [e.base];
    case 'index':
      return [e.base, e.index];
    case 'binary':
    case 'logical':
      return [e.left, e.right];
    case 'construct':
      return e.parts;
    case 'builtin':
    case 'call':
      return e.args;
    default:
      return [e.operand];
  }
}

/** The expressions of a statement itself, without those of the statements in it. */
export function expressionsOf(s: Statement): readonly Expression[] {
  switch (s.kind) {
    case 'declare':
    case 'return':
      return s.value ? [s.value] : [];
    case 'assign':
      return [s.place, s.value];
    case 'evaluate':
      return [s.value];
    case 'if':
      return [s.condition];
    case 'loop':
      return [s.condition, s.breakIf].filter((e) => e !== undefined);
    case 'switch':
      return [s.selector];
    default:
      return [];
  }
}

/** The blocks in a statement. */
export function blocksOf(s: Statement): readonly Block[] {
  switch (s.kind) {
    case 'if':
      return [s.body, s.otherwise];
    case 'loop':
      return [s.initial, s.body, s.update];
    case 'switch':
      return s.cases.map((c) => c.body);
    case 'block':
      return [s.body];
    default:
      return [];
  }
}

/** Whether some statement of a block, or of the functions that it calls, is such a one. */
export function someStatement(block: Block, test: (s: Statement) => boolean): boolean {
  const called = new Set<FunctionTree>();
  const inExpression = (e: Expression): boolean => {
    if (e.kind === 'call' && !called.has(e.callee)) {
      called.add(e.callee);
      if (inBlock(e.callee.body)) return true;
    }
    return operandsOf(e).some(inExpression);
  };
  const inBlock = (b: Block): boolean =>
    b.some((s) => test(s) || expressionsOf(s).some(inExpression) || blocksOf(s).some(inBlock));
  return inBlock(block);
}

/** All expressions of a block, also those within others, but not those of the functions that it calls. */
export function expressionsIn(block: Block): readonly Expression[] {
  const found: Expression[] = [];
  const inExpression = (e: Expression): void => {
    found.push(e);
    for (const operand of operandsOf(e)) inExpression(operand);
  };
  const inBlock = (b: Block): void => {
    for (const s of b) {
      for (const e of expressionsOf(s)) inExpression(e);
      for (const inner of blocksOf(s)) inBlock(inner);
    }
  };
  inBlock(block);
  return found;
}

const callees = new WeakMap<Block, ReadonlySet<FunctionTree>>();

/** The functions that a block of a finished tree calls itself. */
export function calleesOf(block: Block): ReadonlySet<FunctionTree> {
  const known = callees.get(block);
  if (known) return known;
  const called = new Set<FunctionTree>();
  for (const e of expressionsIn(block)) if (e.kind === 'call') called.add(e.callee);
  callees.set(block, called);
  return called;
}
