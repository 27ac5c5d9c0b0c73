import { checkExpression } from './check-expression.ts';
import { checkBlock, markReadOnly } from './check-statement.ts';
import { resolveType } from './check-type.ts';
import { coerce } from './coerce.ts';
import { parseModule } from './parse-module.ts';
import { Scope } from './scope.ts';
import type { AttributeSyntax, FunctionSyntax, GlobalSyntax, MemberSyntax } from './syntax.ts';
import type { BuiltinValue, Expression, FunctionTree, ModuleTree, Space, Variable } from './tree.ts';
import { isSame, type Type, U32, vector } from './types.ts';
import { type Position, WgslError } from './wgsl-error.ts';

const BUILTINS: Readonly<Record<BuiltinValue, Type>> = {
  workgroup_id: vector(3, U32),
  num_workgroups: vector(3, U32),
  local_invocation_index: U32,
  local_invocation_id: vector(3, U32),
  global_invocation_id: vector(3, U32),
};

/**
 * Reads a compute shader with one entry point.
 *
 * @throws WgslError with the place of what is no WGSL, or is left out of the subset
 */
export function checkModule(text: string): ModuleTree {
  const syntax = parseModule(text);
  const scope = new Scope();
  const typeOf = (m: MemberSyntax) => resolveType(m.type, scope, (e) => checkExpression(e, scope));
  for (const { name, members, at } of syntax.structs) {
    const typed = members.map((m) => ({ name: m.name, type: typeOf(m) }));
    scope.declare(name, { kind: 'struct', struct: { kind: 'struct', name, members: typed } }, at);
  }
  const variables = constantsFirst(syntax.globals).flatMap((g) => declareGlobal(g, scope));
  const trees = syntax.functions.map((f) => {
    const tree: FunctionTree = {
      name: f.name,
      parameters: f.parameters.map((p) => parameter(p, typeOf(p))),
      result: f.result && resolveType(f.result, scope, (e) => checkExpression(e, scope)),
      body: [],
    };
    scope.declare(f.name, { kind: 'function', tree }, f.at);
    return tree;
  });
  syntax.functions.forEach((f, k) => {
    const inner = new Scope(scope);
    f.parameters.forEach((p, i) => {
      inner.declare(p.name, { kind: 'variable', variable: trees[k].parameters[i] }, p.at);
    });
    trees[k].body = checkBlock(f.body, inner, trees[k].result);
  });
  const entries = syntax.functions.filter((f) => f.attributes.some((a) => a.name === 'compute'));
  const end = { line: 1, column: 1 };
  if (entries.length !== 1)
    throw new WgslError('a kernel has one compute entry point', entries[1]?.at ?? end);
  const [entry] = entries;
  for (const p of trees[syntax.functions.indexOf(entry)].parameters)
    if (!p.builtin) throw new WgslError(`the parameter ${p.name} of an entry point has no builtin`, entry.at);
  const of = (space: Space) => variables.filter((v) => v.variable.space === space);
  const bindings = variables.map((v) => v.variable).filter((v) => v.binding !== undefined);
  return {
    entry: trees[syntax.functions.indexOf(entry)],
    workgroupSize: workgroupSize(entry, scope),
    bindings: bindings.sort((a, b) => a.binding! - b.binding!),
    workgroup: of('workgroup').map((v) => v.variable),
    private: of('private'),
  };
}

/** Names of a module are known before they are declared. */
const constantsFirst = (globals: readonly GlobalSyntax[]) => [
  ...globals.filter((g) => g.how === 'const'),
  ...globals.filter((g) => g.how !== 'const'),
];

function parameter(p: MemberSyntax, type: Type): Variable {
  const attribute = p.attributes.find((a) => a.name === 'builtin');
  if (!attribute) return { name: p.name, type, space: 'parameter', mutable: false, written: false };
  const [arg] = attribute.args;
  const builtin = arg?.kind === 'name' && arg.name in BUILTINS ? (arg.name as BuiltinValue) : undefined;
  if (!builtin) throw new WgslError('this builtin is not supported', attribute.at);
  if (!isSame(type, BUILTINS[builtin])) throw new WgslError(`${builtin} is ${BUILTINS[builtin].name}`, p.at);
  return { name: p.name, type, space: 'builtin', mutable: false, builtin, written: false };
}

function declareGlobal(
  g: GlobalSyntax,
  scope: Scope,
): { readonly variable: Variable; readonly value?: Expression }[] {
  const { name, at } = g;
  const given = g.value && checkExpression(g.value, scope);
  const type = g.type && resolveType(g.type, scope, (e) => checkExpression(e, scope));
  if (g.how === 'const') {
    const value = given && (type ? coerce(given, type) : given);
    if (value?.kind !== 'literal') throw new WgslError(`"${name}" is no constant number`, at);
    scope.declare(name, { kind: 'constant', value }, at);
    return [];
  }
  const [space, access] = g.space;
  if (!type) throw new WgslError(`"${name}" has no type`, at);
  if (space !== 'uniform' && space !== 'storage' && space !== 'workgroup' && space !== 'private')
    throw new WgslError(`"${name}" is in no address space that is supported`, at);
  const bound = space === 'uniform' || space === 'storage';
  const binding = bound ? numberOf(g.attributes, 'binding', at, scope) : undefined;
  if (bound && numberOf(g.attributes, 'group', at, scope) !== 0)
    throw new WgslError('all bindings are in group 0', at);
  const variable: Variable = { name, type, space, mutable: space !== 'uniform', binding, written: false };
  if (space === 'storage' && access !== 'read_write') markReadOnly(variable);
  scope.declare(name, { kind: 'variable', variable }, at);
  return [{ variable, value: given && coerce(given, type) }];
}

function numberOf(attributes: readonly AttributeSyntax[], name: string, at: Position, scope: Scope): number {
  const attribute = attributes.find((a) => a.name === name);
  if (!attribute) throw new WgslError(`@${name} is missing`, at);
  return constant(attribute, 0, scope);
}

function constant(attribute: AttributeSyntax, k: number, scope: Scope): number {
  const value = checkExpression(attribute.args[k], scope);
  if (value.kind !== 'literal') throw new WgslError(`@${attribute.name} takes constants`, attribute.at);
  return value.value;
}

function workgroupSize(entry: FunctionSyntax, scope: Scope): [number, number, number] {
  const attribute = entry.attributes.find((a) => a.name === 'workgroup_size');
  if (!attribute || attribute.args.length === 0) throw new WgslError('@workgroup_size is missing', entry.at);
  const size = (k: number) => (k < attribute.args.length ? constant(attribute, k, scope) : 1);
  return [size(0), size(1), size(2)];
}
