import { checkBinary, checkExpression } from './check-expression.ts';
import { resolveType } from './check-type.ts';
import { coerce, concrete } from './coerce.ts';
import { Scope } from './scope.ts';
import type { BlockSyntax, CaseSyntax, ExpressionSyntax, StatementSyntax } from './syntax.ts';
import type { Block, Case, Expression, Statement, Variable } from './tree.ts';
import { BOOL, isInteger, type Type } from './types.ts';
import { WgslError } from './wgsl-error.ts';

/** @param result what `return` gives; left out where it gives nothing */
export function checkBlock(block: BlockSyntax, outer: Scope, result: Type | undefined): Block {
  const scope = new Scope(outer);
  return block.flatMap((s) => checkStatement(s, scope, result));
}

function checkStatement(s: StatementSyntax, scope: Scope, result: Type | undefined): Statement[] {
  const { at } = s;
  switch (s.kind) {
    case 'declare':
      return checkDeclaration(s, scope);
    case 'assign':
      return [checkAssignment(s, scope)];
    case 'evaluate':
      return checkEvaluation(s.value, scope);
    case 'if': {
      const condition = coerce(checkExpression(s.condition, scope), BOOL);
      const body = checkBlock(s.body, scope, result);
      return [{ kind: 'if', condition, body, otherwise: checkBlock(s.otherwise ?? [], scope, result), at }];
    }
    case 'loop': {
      const head = new Scope(scope);
      const initial = s.initial ? checkStatement(s.initial, head, result) : [];
      const condition = s.condition && coerce(checkExpression(s.condition, head), BOOL);
      const body = new Scope(head);
      const statements = s.body.flatMap((inner) => checkStatement(inner, body, result));
      // What stands in `continuing` sees the names of the body.
      const update = checkBlock(s.update, body, result);
      const breakIf = s.breakIf && coerce(checkExpression(s.breakIf, body), BOOL);
      return [{ kind: 'loop', initial, condition, body: statements, update, breakIf, at }];
    }
    case 'switch': {
      const selector = concrete(checkExpression(s.selector, scope));
      if (selector.type.kind !== 'scalar' || !isInteger(selector.type))
        throw new WgslError('switch selects by a whole number', at);
      return [
        { kind: 'switch', selector, cases: s.cases.map((c) => checkCase(c, selector, scope, result)), at },
      ];
    }
    case 'break':
    case 'continue':
      return [{ kind: s.kind, at }];
    case 'return': {
      if ((s.value === undefined) !== (result === undefined))
        throw new WgslError(result ? `return gives ${result.name}` : 'return gives nothing here', at);
      return [{ kind: 'return', value: s.value && coerce(checkExpression(s.value, scope), result!), at }];
    }
    case 'block':
      return [{ kind: 'block', body: checkBlock(s.body, scope, result), at }];
  }
}

function checkDeclaration(s: StatementSyntax & { kind: 'declare' }, scope: Scope): Statement[] {
  const { at, how, name } = s;
  const given = s.value && checkExpression(s.value, scope);
  const wanted = s.type && resolveType(s.type, scope, (e) => checkExpression(e, scope));
  if (!given && (how !== 'var' || !wanted)) throw new WgslError(`"${name}" has no value`, at);
  if (how === 'const') {
    const value = wanted ? coerce(given!, wanted) : given!;
    if (value.kind !== 'literal') throw new WgslError(`"${name}" is no constant`, at);
    scope.declare(name, { kind: 'constant', value }, at);
    return [];
  }
  const value = given && (wanted ? coerce(given, wanted) : concrete(given));
  const variable: Variable = {
    name,
    type: wanted ?? value!.type,
    space: 'local',
    mutable: how === 'var',
    written: false,
  };
  scope.declare(name, { kind: 'variable', variable }, at);
  return [{ kind: 'declare', variable, value, at }];
}

function checkAssignment(s: StatementSyntax & { kind: 'assign' }, scope: Scope): Statement {
  const place = checkExpression(s.target, scope);
  markWritten(place);
  const given = checkExpression(s.value, scope);
  if (s.op === undefined) return { kind: 'assign', place, value: coerce(given, place.type), at: s.at };
  const computed = checkBinary(s.op, place, given);
  if (computed.kind !== 'binary') throw new WgslError(`there is no ${s.op}= here`, s.at);
  coerce(computed, place.type);
  return { kind: 'assign', place, op: s.op, value: computed.right, at: s.at };
}

/** @throws WgslError where the expression is no place that can be stored to */
function markWritten(place: Expression): void {
  const root = rootOf(place);
  const writable =
    root.mutable && root.space !== 'uniform' && (root.space !== 'storage' || !isReadOnly(root));
  if (!writable) throw new WgslError(`"${root.name}" cannot be written`, place.at);
  root.written = true;
}

const readOnly = new WeakSet<Variable>();
const isReadOnly = (v: Variable) => readOnly.has(v);
/** Storage that is bound for reading. */
export function markReadOnly(v: Variable): void {
  readOnly.add(v);
}

/** The variable that a place is a part of. */
export function rootOf(place: Expression): Variable {
  if (place.kind === 'variable') return place.variable;
  if (place.kind === 'field' || place.kind === 'index') return rootOf(place.base);
  if (place.kind === 'swizzle' && place.lanes.length === 1) return rootOf(place.base);
  throw new WgslError('this is no place that can be stored to', place.at);
}

/** A call as a statement, among them what only statements can be. */
function checkEvaluation(value: ExpressionSyntax, scope: Scope): Statement[] {
  const { at } = value;
  if (value.kind === 'call' && value.callee.name === 'workgroupBarrier') return [{ kind: 'barrier', at }];
  if (value.kind === 'call' && value.callee.name === 'atomicStore') {
    const [pointer, stored] = value.args;
    if (value.args.length !== 2 || pointer.kind !== 'unary' || pointer.op !== '&')
      throw new WgslError('atomicStore takes the place as &place, and a value', at);
    const place = checkExpression(pointer.operand, scope);
    const root = rootOf(place);
    if (root.type.kind !== 'array' || !root.type.atomic)
      throw new WgslError(`"${root.name}" is not atomic`, at);
    markWritten(place);
    return [{ kind: 'assign', place, value: coerce(checkExpression(stored, scope), place.type), at }];
  }
  return [{ kind: 'evaluate', value: checkExpression(value, scope), at }];
}

function checkCase(c: CaseSyntax, selector: Expression, scope: Scope, result: Type | undefined): Case {
  const values = c.values.flatMap((v) => {
    if (v === 'default') return [];
    const value = coerce(checkExpression(v, scope), selector.type);
    if (value.kind !== 'literal') throw new WgslError('a case is a constant', v.at);
    return [value.value];
  });
  return { values, isDefault: c.values.includes('default'), body: checkBlock(c.body, scope, result) };
}
