import type { Block, Expression, FunctionTree, Statement, Variable } from './tree.ts';
import { blocksOf, operandsOf, someStatement } from './walk.ts';
import { WgslError } from './wgsl-error.ts';

export const hasBarrier = (block: Block): boolean => someStatement(block, (s) => s.kind === 'barrier');

const holdsBarrier = (e: Expression): boolean =>
  (e.kind === 'call' && hasBarrier(e.callee.body)) || operandsOf(e).some(holdsBarrier);

/**
 * A block in which no function that is called has a barrier: such calls are put in the place of the statement that
 * holds them. Parameters become variables.
 *
 * @throws WgslError where such a call stands in a condition, or the function returns before its end
 */
export function inlineBarriers(block: Block): Block {
  return block.flatMap(inlineStatement);
}

function inlineStatement(s: Statement): Statement[] {
  switch (s.kind) {
    case 'declare':
    case 'return':
    case 'evaluate':
    case 'assign': {
      if (!s.value || !holdsBarrier(s.value)) return [s];
      const before: Statement[] = [];
      const value = inlineCalls(s.value, before);
      // What is left of a call as a statement is a variable without effect.
      return s.kind === 'evaluate' ? before : [...before, { ...s, value }];
    }
    case 'if':
      refuse(s.condition);
      return [{ ...s, body: inlineBarriers(s.body), otherwise: inlineBarriers(s.otherwise) }];
    case 'loop':
      refuse(s.condition);
      refuse(s.breakIf);
      return [
        {
          ...s,
          initial: inlineBarriers(s.initial),
          body: inlineBarriers(s.body),
          update: inlineBarriers(s.update),
        },
      ];
    case 'switch':
      refuse(s.selector);
      return [{ ...s, cases: s.cases.map((c) => ({ ...c, body: inlineBarriers(c.body) })) }];
    case 'block':
      return [{ ...s, body: inlineBarriers(s.body) }];
    default:
      return [s];
  }
}

function refuse(e: Expression | undefined): void {
  if (e && holdsBarrier(e)) throw new WgslError('a barrier in a condition is not supported', e.at);
}

function inlineCalls(e: Expression, before: Statement[]): Expression {
  if (!holdsBarrier(e)) return e;
  const inner = (operand: Expression) => inlineCalls(operand, before);
  switch (e.kind) {
    case 'call':
      return hasBarrier(e.callee.body)
        ? inlineCall(e.callee, e.args.map(inner), e, before)
        : { ...e, args: e.args.map(inner) };
    case 'binary':
      return { ...e, left: inner(e.left), right: inner(e.right) };
    case 'unary':
    case 'convert':
    case 'bitcast':
    case 'splat':
      return { ...e, operand: inner(e.operand) };
    case 'builtin':
      return { ...e, args: e.args.map(inner) };
    case 'construct':
      return { ...e, parts: e.parts.map(inner) };
    case 'swizzle':
    case 'field':
      return { ...e, base: inner(e.base) };
    default:
      throw new WgslError('a barrier is not supported here', e.at);
  }
}

function inlineCall(
  callee: FunctionTree,
  args: readonly Expression[],
  { at, type }: Expression,
  before: Statement[],
): Expression {
  const { parameters, body } = callee;
  parameters.forEach((variable, k) => {
    before.push({ kind: 'declare', variable, value: args[k], at });
  });
  const last = body.at(-1);
  const value = last?.kind === 'return' ? last.value : undefined;
  const statements = last?.kind === 'return' ? body.slice(0, -1) : body;
  if (returnsItself(statements))
    throw new WgslError(`${callee.name} has a barrier and returns before its end`, at);
  before.push(...inlineBarriers(statements));
  const variable: Variable = { name: callee.name, type, space: 'local', mutable: false, written: false };
  if (value) before.push({ kind: 'declare', variable, value: inlineCalls(value, before), at });
  return { kind: 'variable', variable, type, at };
}

/** Whether a block has a `return` of its own, not only in what it calls. */
export function returnsItself(block: Block): boolean {
  return block.some((s) => s.kind === 'return' || blocksOf(s).some(returnsItself));
}
