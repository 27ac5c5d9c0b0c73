import type { Decl, Expr } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import type { Context } from './context.ts';
import { firstPlace } from './diagnostics/index.ts';
import type { Env, ModuleScope } from './env.ts';
import { iterate, requirement } from './evaluate.ts';
import { condition, truth } from './operators.ts';
import { claim, declareStored, joined } from './stored.ts';
import {
  describe,
  ERROR,
  type IndexedValue,
  type InstanceValue,
  isInt,
  isNumber,
  NONE,
  show,
  type Value,
} from './values.ts';

/** A declaration, and the file whose names it sees. */
export interface Item {
  readonly decl: Decl;
  readonly scope: ModuleScope;
}

type DeclOf<K extends Decl['kind']> = Extract<Decl, { kind: K }>;

/** What a model does with the declarations that only models have. */
export interface ModelHooks {
  input(decl: DeclOf<'input'>, env: Env): void;
  output(decl: DeclOf<'output'>, env: Env): void;
  forward(decl: DeclOf<'forward'>, env: Env): void;
  alternative(decl: DeclOf<'variant'>, env: Env): readonly Item[];
}

/** The instance or model whose body is being worked through. */
export interface Host {
  readonly name: string;
  readonly path: string;
  readonly env: Env;
  /** Full names of instances, parameters and buffers so far, and where they are declared. */
  readonly declared: Map<string, Span>;
  readonly indexed: Map<string, IndexedValue>;
  readonly instance: InstanceValue | undefined;
  readonly model: ModelHooks | undefined;
  /** A `require` has failed: what else follows from the values that it refused says nothing. */
  refused: boolean;
  fail(): void;
}

export const itemsOf = (decls: readonly Decl[], scope: ModuleScope): Item[] =>
  decls.map((decl) => ({ decl, scope }));

export function runDeclarations(c: Context, items: readonly Item[], host: Host): void {
  for (const { decl, scope } of items) {
    c.limits.step(decl.span);
    declare(c, decl, scope, host);
  }
}

function declare(c: Context, decl: Decl, scope: ModuleScope, host: Host): void {
  const env = host.env.seenFrom(scope);
  const inner = (items: readonly Item[]) => c.limits.nested(decl.span, () => runDeclarations(c, items, host));
  if (host.refused && !['require', 'for', 'if'].includes(decl.kind)) {
    spoil([decl], host);
    return;
  }
  switch (decl.kind) {
    case 'let':
      declareLet(c, decl, env);
      break;
    case 'require':
      if (!requirement(c, decl, env)) host.refused = true;
      break;
    case 'param':
    case 'buffer':
      declareStored(c, decl, env, host);
      break;
    case 'instance':
      declareInstance(c, decl, env, host);
      break;
    case 'for': {
      const source = iterate(c, decl.source, env);
      if (!source) spoil(decl.body, host);
      for (const value of source ?? []) {
        env.set(decl.variable.name, value);
        inner(itemsOf(decl.body, scope));
      }
      break;
    }
    case 'if': {
      const cond = truth(c, decl.cond, env);
      if (cond === undefined) spoil([...decl.body, ...(decl.else ?? [])], host);
      else inner(itemsOf(cond ? decl.body : (decl.else ?? []), scope));
      break;
    }
    case 'def':
      env.set(decl.name.name, { kind: 'def', name: decl.name.name, fn: decl.fn, env });
      break;
    case 'bad':
      spoil([decl], host);
      break;
    case 'forward':
      if (host.model) host.model.forward(decl, env);
      else if (host.instance?.forward) {
        const labels = [firstPlace(host.instance.forward.decl.keyword)];
        const what = `${host.name} has two \`forward\``;
        c.report('misplaced-declaration', decl.keyword, { what }, { labels });
      } else if (host.instance) host.instance.forward = { decl, env };
      break;
    case 'input':
    case 'output':
    case 'variant':
      declareInModel(c, decl, env, host, inner);
      break;
  }
}

const blockHints = {
  input: 'blocks take tensors as arguments of `forward`',
  output: "a block's result is the last line of `forward`",
  variant: 'declare the variant in the model, or give the block a bool parameter',
};

function declareInModel(
  c: Context,
  decl: DeclOf<'input' | 'output' | 'variant'>,
  env: Env,
  host: Host,
  inner: (items: readonly Item[]) => void,
): void {
  const { model } = host;
  if (!model) {
    const what = `a block has no \`${decl.kind}\``;
    c.report('misplaced-declaration', decl.name.span, { what }, { hint: blockHints[decl.kind] });
  } else if (decl.kind === 'input') model.input(decl, env);
  else if (decl.kind === 'output') model.output(decl, env);
  else inner(model.alternative(decl, env));
}

/** All that these declarations would have introduced is unknown now. */
function spoil(decls: readonly Decl[], host: Host): void {
  host.fail();
  for (const decl of decls) for (const name of declaredBy(decl)) host.env.set(name, ERROR);
}

/** Names that a declaration introduces in the body that it stands in. */
export function declaredBy(decl: Decl): string[] {
  switch (decl.kind) {
    case 'let':
      return decl.names.map((n) => n.name);
    case 'param':
    case 'buffer':
    case 'instance':
    case 'def':
    case 'input':
      return [decl.name.name];
    case 'for':
      return [decl.variable.name, ...decl.body.flatMap(declaredBy)];
    case 'if':
      return [...decl.body, ...(decl.else ?? [])].flatMap(declaredBy);
    case 'variant':
      return [decl.name.name, ...decl.alternatives.flatMap((a) => a.body.flatMap(declaredBy))];
    case 'bad':
      return [...decl.names];
    default:
      return [];
  }
}

function declareLet(c: Context, decl: DeclOf<'let'>, env: Env): void {
  const value = c.evaluate(decl.value, env);
  if (!decl.vector) {
    env.set(decl.names[0].name, value);
    env.origins.set(decl.names[0].name, { kind: 'let', expr: decl.value });
    return;
  }
  const items = value.kind === 'vector' || value.kind === 'list' ? value.items : undefined;
  const fits = items?.length === decl.names.length;
  if (!fits && value.kind !== 'error') {
    c.report('tuple-mismatch', decl.value.span, {
      expected: decl.names.length,
      found: items ? `${items.length} values` : describe(value),
    });
  }
  decl.names.forEach(({ name }, i) => {
    env.set(name, fits ? items[i] : ERROR);
    env.origins.set(name, { kind: 'let', expr: decl.value });
  });
}

/** The indices of `name[i][j]`; `undefined` once reported. */
export function evaluateIndices(c: Context, exprs: readonly Expr[], env: Env): number[] | undefined {
  const indices: number[] = [];
  for (const expr of exprs) {
    const value = c.evaluate(expr, env);
    if (isInt(value) && value.num >= 0) indices.push(value.num);
    else if (value.kind !== 'error') {
      const what = 'an index';
      if (isNumber(value) && !isInt(value))
        c.report('not-an-integer', expr.span, { what, found: show(value) });
      else
        c.report('wrong-type', expr.span, {
          what,
          expected: 'a whole number of at least 0',
          found: describe(value),
        });
    }
  }
  return indices.length === exprs.length ? indices : undefined;
}

function declareInstance(c: Context, decl: DeclOf<'instance'>, env: Env, host: Host): void {
  const { name, span } = decl.name;
  let entries: IndexedValue | undefined;
  if (decl.indices.length > 0) {
    entries = host.indexed.get(name);
    if (!entries) {
      // Evaluated before the name is taken: the indices may use an argument of the same name.
      entries = { kind: 'indexed', name, entries: new Map(), prefix: [] };
      host.indexed.set(name, entries);
    }
  }
  const cond = condition(c, decl.cond, env);
  const indices = cond === undefined ? undefined : evaluateIndices(c, decl.indices, env);
  const key = [name, ...(indices ?? [])].join('.');
  let value: Value = ERROR;
  if (cond === false) {
    if (host.declared.has(key)) return;
    value = NONE;
  } else if (cond && indices) {
    value = c.evaluate(decl.value, env);
    if (value.kind === 'application') {
      const path = joined(host.path, key);
      c.notes.instances.set(path, { span, results: [] });
      value = claim(c, key, span, host) ? c.instantiate(value, path) : ERROR;
    } else if (value.kind !== 'error' && value.kind !== 'none') {
      const hint = value.kind === 'block' ? { hint: `${value.component.name.name}(…)` } : {};
      c.report('not-a-block', decl.value.span, { name, found: describe(value) }, hint);
      value = ERROR;
    }
  }
  if (value.kind === 'error') host.fail();
  if (!entries) env.set(name, value);
  else {
    if (indices) entries.entries.set(indices.join('.'), value);
    else entries.entries.set('broken', ERROR);
    env.set(name, entries);
  }
}
