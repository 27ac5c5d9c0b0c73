import type { Alternative, Argument, Component, Decl, Parameter } from '../../grammar/ast.ts';
import type { Item } from './declarations.ts';
import { declaredBy, itemsOf } from './declarations.ts';
import { firstPlace, type Reporter } from './diagnostics/index.ts';
import type { ModuleScope } from './env.ts';
import { nearest } from './suggest.ts';

/** A value given where a model extends another one; it takes the place of the default. */
export interface Override {
  readonly argument: Argument;
  readonly scope: ModuleScope;
}

export interface ModelParameter {
  readonly param: Parameter;
  readonly scope: ModuleScope;
  override: Override | undefined;
}

/** A model with all that it takes over from the models that it extends. */
export interface EffectiveModel {
  readonly component: Component;
  readonly scope: ModuleScope;
  readonly params: readonly ModelParameter[];
  readonly variants: ReadonlyMap<
    string,
    { decl: Extract<Decl, { kind: 'variant' }>; override: Override | undefined }
  >;
  readonly body: readonly Item[];
  /** Files of alternatives that stand in another one than their variant. */
  readonly alternativeScopes: ReadonlyMap<Alternative, ModuleScope>;
  /** Names of this model and those it extends, nearest first; train sections are looked up in this order. */
  readonly chain: readonly { name: string; component: Component }[];
}

type Report = Reporter['report'];

/** Works out `extends`; `undefined` where the base is missing or the chain has no end. */
export function effectiveModel(
  component: Component,
  scope: ModuleScope,
  report: Report,
  seen: readonly Component[] = [],
): EffectiveModel | undefined {
  const { name } = component.name;
  if (seen.includes(component)) {
    // One error for the cycle, whichever of its models is asked for.
    const cycle = seen.slice(seen.indexOf(component));
    const first = cycle.reduce((a, b) => (placeOf(b) < placeOf(a) ? b : a));
    const labels = cycle.flatMap(({ name: model, extends: e }) =>
      e ? [{ span: e.base.span, text: `${model.name} extends ${e.base.name}` }] : [],
    );
    report(
      'recursive-extends',
      first.extends?.base.span ?? first.span,
      { name: first.name.name },
      { labels },
    );
    return undefined;
  }
  const own = component.params.map((param): ModelParameter => ({ param, scope, override: undefined }));
  if (!component.extends) {
    const body = itemsOf(component.body, scope);
    const chain = [{ name, component }];
    return {
      component,
      scope,
      params: own,
      variants: variantsOf(body),
      body,
      alternativeScopes: new Map(),
      chain,
    };
  }
  const { base: baseName, args } = component.extends;
  const value = scope.names.get(baseName.name);
  if (value?.kind !== 'block' || value.component.kind !== 'model') {
    if (value?.kind !== 'error') {
      const models = [...scope.names].flatMap(([n, v]) =>
        v.kind === 'block' && v.component.kind === 'model' ? [n] : [],
      );
      const near = nearest(baseName.name, models);
      report('unknown-model', baseName.span, { name: baseName.name }, near ? { hint: `\`${near}\`` } : {});
    }
    return undefined;
  }
  const base = effectiveModel(value.component, value.scope, report, [...seen, component]);
  if (!base) return undefined;

  const overrides = bindOverrides(base, args, scope, report);
  for (const { param } of base.params) {
    const again = own.find((p) => p.param.name.name === param.name.name)?.param.name;
    if (again) report('duplicate-name', again.span, again, { labels: [firstPlace(param.name.span)] });
  }
  const alternativeScopes = new Map(base.alternativeScopes);
  const body = overrideBody(base, component.body, scope, alternativeScopes, report);
  const variants = new Map(
    [...variantsOf(body)].map(([n, v]) => [
      n,
      { ...v, override: overrides.get(n) ?? base.variants.get(n)?.override },
    ]),
  );
  const params = [
    ...own,
    ...base.params.map((p) => ({ ...p, override: overrides.get(p.param.name.name) ?? p.override })),
  ];
  return {
    component,
    scope,
    params,
    variants,
    body,
    alternativeScopes,
    chain: [{ name, component }, ...base.chain],
  };
}

const placeOf = ({ span }: Component): string => `${span.file}:${String(span.start).padStart(9, '0')}`;

function bindOverrides(
  base: EffectiveModel,
  args: readonly Argument[],
  scope: ModuleScope,
  report: Report,
): Map<string, Override> {
  const overrides = new Map<string, Override>();
  const names = [...base.params.map((p) => p.param.name.name), ...base.variants.keys()];
  const callee = base.component.name.name;
  let named = false;
  args.forEach((argument, i) => {
    if (argument.name) named = true;
    else if (named) report('argument-order', argument.span, {});
    const name = argument.name?.name ?? names[i];
    if (name === undefined) {
      report('too-many-arguments', argument.span, { callee, expected: names.length, found: args.length });
    } else if (!names.includes(name)) {
      const near = nearest(name, names);
      const span = argument.name?.span ?? argument.span;
      report(
        'unknown-argument',
        span,
        { callee, name, arguments: names.join(', ') },
        near ? { hint: `\`${near}\`` } : {},
      );
    } else if (overrides.has(name)) report('duplicate-argument', argument.span, { callee, name });
    else overrides.set(name, { argument, scope });
  });
  return overrides;
}

function variantsOf(
  items: readonly Item[],
): Map<string, { decl: Extract<Decl, { kind: 'variant' }>; override: undefined }> {
  const found = new Map<string, { decl: Extract<Decl, { kind: 'variant' }>; override: undefined }>();
  const visit = (decl: Decl): void => {
    if (decl.kind === 'variant') {
      found.set(decl.name.name, { decl, override: undefined });
      for (const a of decl.alternatives) a.body.forEach(visit);
    } else if (decl.kind === 'for') decl.body.forEach(visit);
    else if (decl.kind === 'if') [...decl.body, ...(decl.else ?? [])].forEach(visit);
  };
  for (const { decl } of items) visit(decl);
  return found;
}

/** What a declaration is known by to one that overrides it: kind and name, with indices that are plain numbers. */
function keyOf(decl: Decl): string | undefined {
  switch (decl.kind) {
    case 'let':
      return `let ${decl.names.map((n) => n.name).join(', ')}`;
    case 'forward':
      return 'forward';
    case 'instance':
    case 'output':
      return [decl.kind, decl.name.name, ...decl.indices.map((i) => (i.kind === 'int' ? i.value : '*'))].join(
        ' ',
      );
    case 'param':
    case 'buffer':
    case 'def':
    case 'input':
    case 'variant':
      return `${decl.kind} ${decl.name.name}`;
    default:
      return undefined;
  }
}

/**
 * The base's declarations with those of the extending model in their places. A loop or an `if` replaces the
 * first declaration that introduces any of its names.
 */
function overrideBody(
  base: EffectiveModel,
  decls: readonly Decl[],
  scope: ModuleScope,
  scopes: Map<Alternative, ModuleScope>,
  report: Report,
): Item[] {
  let items: Item[] = [...base.body];
  for (const decl of decls) {
    if (decl.kind === 'require') items.push({ decl, scope });
    else if (decl.kind === 'variant') items = overrideVariant(base, items, decl, scope, scopes, report);
    else {
      const names = decl.kind === 'for' || decl.kind === 'if' ? introduced(decl) : [keyOf(decl) ?? ''];
      const replaced = names.map((key) => replace(items, key, { decl, scope }, names[0] === key));
      const missing = replaced.indexOf(false);
      if (missing < 0) continue;
      if (decl.kind === 'bad') continue;
      const [what, ...rest] = names[missing].split(' ');
      const known = base.body.flatMap(({ decl: d }) => declaredBy(d));
      const near = nearest(rest[0] ?? '', known);
      const span = 'name' in decl ? decl.name.span : decl.kind === 'let' ? decl.names[0].span : decl.span;
      report(
        'nothing-to-override',
        span,
        { base: base.component.name.name, what, name: rest.join(' ') || what },
        near ? { hint: `\`${near}\`` } : {},
      );
    }
  }
  return items;
}

function introduced(decl: Decl): string[] {
  if (decl.kind === 'for') return decl.body.flatMap(introduced);
  if (decl.kind === 'if') return [...decl.body, ...(decl.else ?? [])].flatMap(introduced);
  const key = keyOf(decl);
  return key ? [key] : [];
}

/** Puts `item` in the place of the declaration known as `key`, wherever it stands; further ones are removed. */
function replace(items: Item[], key: string, item: Item, insert: boolean): boolean {
  let found = false;
  const matches = (d: Decl): boolean => {
    const k = keyOf(d);
    if (k === undefined) return false;
    if (k === key) return true;
    // `stages *` (in a loop) and `stages 0` overlap only as a whole.
    const [kind, name] = key.split(' ');
    return kind === 'instance' && !key.includes(' ', kind.length + 1) && k.startsWith(`${kind} ${name} `);
  };
  const strip = (decls: readonly Decl[]): Decl[] =>
    decls.flatMap((d): Decl[] => {
      if (matches(d)) {
        found = true;
        return [];
      }
      if (d.kind === 'for') return [{ ...d, body: strip(d.body) }];
      if (d.kind === 'if') return [{ ...d, body: strip(d.body), else: d.else && strip(d.else) }];
      if (d.kind === 'variant') {
        return [{ ...d, alternatives: d.alternatives.map((a) => ({ ...a, body: strip(a.body) })) }];
      }
      return [d];
    });
  for (let i = 0; i < items.length; i++) {
    const before: boolean = found;
    const [decl] = strip([items[i].decl]);
    if (decl) {
      items[i] = { ...items[i], decl };
      if (found && !before && insert) items.splice(++i, 0, item);
    } else if (!before && insert) items[i] = item;
    else items.splice(i--, 1);
  }
  return found;
}

function overrideVariant(
  base: EffectiveModel,
  items: readonly Item[],
  decl: Extract<Decl, { kind: 'variant' }>,
  scope: ModuleScope,
  scopes: Map<Alternative, ModuleScope>,
  report: Report,
): Item[] {
  let found = false;
  const result = items.map((item): Item => {
    if (item.decl.kind !== 'variant' || item.decl.name.name !== decl.name.name) return item;
    found = true;
    const alternatives = item.decl.alternatives.map(
      (a) => decl.alternatives.find((b) => b.name.name === a.name.name) ?? a,
    );
    for (const b of decl.alternatives) {
      if (alternatives.includes(b)) continue;
      report('unknown-alternative', b.name.span, {
        name: b.name.name,
        variant: decl.name.name,
        alternatives: alternatives.map((a) => a.name.name).join(', '),
      });
    }
    return { decl: { ...item.decl, alternatives }, scope: item.scope };
  });
  if (!found) {
    report('nothing-to-override', decl.name.span, {
      base: base.component.name.name,
      what: 'variant',
      name: decl.name.name,
    });
  }
  for (const a of decl.alternatives) scopes.set(a, scope);
  return result;
}
