import type { Decl, ShapeRef, TypeRef } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import type { Dims } from '../ir/dim.ts';
import type { Shape } from '../ir/graph.ts';
import { type Context, placeNote } from './context.ts';
import { firstPlace } from './diagnostics/index.ts';
import type { Env } from './env.ts';
import { completeInitialiser, isWhole, toInitialiser } from './initialisers.ts';
import type { Initialiser } from './model.ts';
import { condition } from './operators.ts';
import { concreteShape, evaluateShape } from './shapes.ts';
import { formatType } from './types.ts';
import { describe, ERROR, NONE, showPath } from './values.ts';

type StoredDecl = Extract<Decl, { kind: 'param' | 'buffer' }>;

/** What a declaration needs to know of the instance or model that it stands in. */
export interface Owner {
  readonly path: string;
  /** Full names of instances, parameters and buffers so far, and where they are declared. */
  readonly declared: Map<string, Span>;
  fail(): void;
}

export const joined = (path: string, name: string): string => (path ? `${path}.${name}` : name);

/** Takes a full name; reports it where it is taken. */
export function claim(c: Context, key: string, span: Span, owner: Owner): boolean {
  const first = owner.declared.get(key);
  if (first) {
    const again = first.file === span.file && first.start === span.start;
    const notes = again ? ['a loop around it declares it again'] : [];
    const labels = again ? [] : [firstPlace(first)];
    c.report('duplicate-name', span, { name: showPath(key) }, { labels, notes: [...notes, ...placeNote(c)] });
    return false;
  }
  owner.declared.set(key, span);
  return true;
}

/** `param weight: [n] = zeros`, `buffer mean: [n] = zeros`, `buffer steps: int = zeros`: what a `state_dict` holds. */
export function declareStored(c: Context, decl: StoredDecl, env: Env, owner: Owner): void {
  const { name, span } = decl.name;
  const what = `the ${decl.kind === 'param' ? 'parameter' : 'buffer'} \`${name}\``;
  const cond = condition(c, decl.cond, env);
  if (cond === false && owner.declared.has(name)) return;
  if (cond === false) {
    env.set(name, NONE);
    return;
  }
  const size = cond === undefined ? undefined : sizeOf(c, decl.shape, what, env);
  const init = initOf(c, decl, env);
  if (!size || !init || !claim(c, name, span, owner)) {
    owner.fail();
    env.set(name, ERROR);
    return;
  }
  const { dims, shape } = size;
  const path = joined(owner.path, name);
  const dtype = 'dims' in decl.shape ? 'f32' : 'i32';
  const value = c.builder.source(decl.kind, path, shape, dtype);
  const complete = completeInitialiser(c, init, shape, decl.init.span);
  const stored = { name: path, value, shape, dtype, init: complete, span } as const;
  if (decl.kind === 'param') c.parameters.push(stored);
  else {
    const buffer = { ...stored, dims, next: undefined };
    c.buffers.push(buffer);
    env.buffers.set(name, buffer);
  }
  env.set(name, { kind: 'tensor', id: value, dims, dtype, span, from: what });
}

function sizeOf(
  c: Context,
  ref: ShapeRef | TypeRef,
  what: string,
  env: Env,
): { dims: Dims; shape: Shape } | undefined {
  if (!('dims' in ref)) {
    if (ref.kind === 'name' && ref.name === 'int') return { dims: [], shape: [] };
    c.report('wrong-type', ref.span, {
      what: `the type of ${what}`,
      expected: 'a shape, such as [channels], or int',
      found: formatType(ref),
    });
    return undefined;
  }
  const dims = evaluateShape(c, ref, env);
  if (!dims) return undefined;
  if (dims.some((d) => d.batch)) {
    c.report('bad-shape', ref.span, { what: `the shape of ${what}`, found: 'it depends on the batch' });
    return undefined;
  }
  const shape = concreteShape(c, dims, 1, what, ref.span);
  return shape && { dims, shape };
}

function initOf(c: Context, decl: StoredDecl, env: Env): Initialiser | undefined {
  const value = c.evaluate(decl.init, env);
  const init = toInitialiser(value);
  if (!init) {
    if (value.kind !== 'error') c.report('not-an-initialiser', decl.init.span, { found: describe(value) });
    return undefined;
  }
  if ('dims' in decl.shape || isWhole(init)) return init;
  c.report('wrong-type', decl.init.span, {
    what: `the first value of the buffer \`${decl.name.name}\``,
    expected: 'a whole number: zeros, ones or constant(n)',
    found: init.kind,
  });
  return undefined;
}
