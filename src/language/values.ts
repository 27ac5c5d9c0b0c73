import type { Alternative, Component, Decl, FunctionDecl } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import { type Dim, type Dims, formatDims, type Symbol as NamedSize } from '../ir/dim.ts';
import type { DType, ValueId } from '../ir/graph.ts';
import type { Op } from '../ir/op.ts';
import type { Builtin } from './builtins.ts';
import type { Env, ModuleScope } from './env.ts';
import type { Initialiser } from './model.ts';

/** An exact number: `num / den` in lowest terms, `den` > 0. `origin` is the named size it came from. */
export interface Rational {
  readonly kind: 'rational';
  readonly num: number;
  readonly den: number;
  readonly origin?: NamedSize;
}

export interface TensorValue {
  readonly kind: 'tensor';
  readonly id: ValueId;
  readonly dims: Dims;
  readonly dtype: DType;
  /** Where it was made, and by what, for messages: `` `up` ``. */
  readonly span: Span;
  readonly from: string;
}

export interface InstanceValue {
  readonly kind: 'instance';
  readonly component: Component;
  readonly path: string;
  readonly env: Env;
  /** Some declaration of it failed, so that what it does not hold is no new mistake. */
  broken: boolean;
  forward: { decl: Extract<Decl, { kind: 'forward' }>; env: Env } | undefined;
}

/** `stages` of `stages[0][1] = …`; `prefix` holds the indices given so far. */
export interface IndexedValue {
  readonly kind: 'indexed';
  readonly name: string;
  readonly entries: Map<string, Value>;
  readonly prefix: readonly number[];
}

export interface BlockValue {
  readonly kind: 'block';
  readonly component: Component;
  readonly scope: ModuleScope;
}

/** A block with its arguments, not yet an instance: it still needs a name. */
export interface ApplicationValue {
  readonly kind: 'application';
  readonly block: BlockValue;
  readonly args: ReadonlyMap<string, { value: Value; span: Span }>;
  readonly span: Span;
}

export type Value =
  | Rational
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'vector'; readonly items: readonly Value[] }
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  | { readonly kind: 'range'; readonly from: number; readonly to: number }
  | { readonly kind: 'dim'; readonly dim: Dim }
  | TensorValue
  | InstanceValue
  | IndexedValue
  | BlockValue
  | ApplicationValue
  | { readonly kind: 'init'; readonly init: Initialiser }
  | { readonly kind: 'enum'; readonly value: string; readonly alternatives: readonly Alternative[] }
  | { readonly kind: 'def'; readonly name: string; readonly fn: FunctionDecl; readonly env: Env }
  | { readonly kind: 'op'; readonly op: Op }
  | { readonly kind: 'builtin'; readonly builtin: Builtin }
  /** Stands for what an earlier mistake left undefined; silences what follows from it. */
  | { readonly kind: 'error' };

export const ERROR: Value = { kind: 'error' };
export const NONE: Value = { kind: 'none' };
export const bool = (value: boolean): Value => ({ kind: 'bool', value });
export const float = (value: number): Value => ({ kind: 'float', value });
export const int = (num: number, origin?: NamedSize): Rational => ({ kind: 'rational', num, den: 1, origin });

export function isNumber(v: Value): v is Rational | { kind: 'float'; value: number } {
  return v.kind === 'rational' || v.kind === 'float';
}

export function isInt(v: Value): v is Rational {
  return v.kind === 'rational' && v.den === 1;
}

/** The number as a float64. */
export function toNumber(v: Value): number {
  if (v.kind === 'rational') return v.num / v.den;
  return v.kind === 'float' ? v.value : Number.NaN;
}

/** A path as a spec writes it: `stages[0].conv` for `stages.0.conv`, which is its name in a `state_dict`. */
export function showPath(path: string): string {
  return path.replace(/\.(\d+)(?=\.|$)/g, '[$1]');
}

/** `a whole number`, `a tensor [B, 96, H/4, W/4]`: what a message says was found. */
export function describe(v: Value): string {
  switch (v.kind) {
    case 'rational':
      return v.den === 1 ? `the whole number ${v.num}` : `the fraction ${v.num}/${v.den}`;
    case 'float':
      return `the number ${show(v)}`;
    case 'bool':
      return `${v.value}`;
    case 'string':
      return `the string ${show(v)}`;
    case 'none':
      return 'none';
    case 'vector':
      return `the vector ${show(v)}`;
    case 'list':
      return `a list of ${v.items.length}`;
    case 'range':
      return `the range ${v.from}..${v.to}`;
    case 'dim':
      return `the size ${v.dim}, which holds the batch`;
    case 'tensor':
      return `a tensor ${formatDims(v.dims)}`;
    case 'instance':
      return `the instance \`${showPath(v.path)}\` of ${v.component.name.name}`;
    case 'indexed':
      return `the instances \`${v.name}\``;
    case 'block':
      return `the ${v.component.kind} ${v.component.name.name}`;
    case 'application':
      return `a ${v.block.component.name.name} without a name`;
    case 'init':
      return `the initialiser ${v.init.kind}`;
    case 'enum':
      return `the alternative ${v.value}`;
    case 'def':
      return `the function ${v.name}`;
    case 'op':
      return `the op ${v.op.name}`;
    case 'builtin':
      return `the function ${v.builtin.name}`;
    case 'error':
      return 'an error';
  }
}

/** A value as the language writes it. */
export function show(v: Value): string {
  switch (v.kind) {
    case 'rational':
      return v.den === 1 ? String(v.num) : `${v.num}/${v.den}`;
    case 'float':
      return Number.isInteger(v.value) && Math.abs(v.value) < 1e15 ? v.value.toFixed(1) : String(v.value);
    case 'bool':
    case 'enum':
      return String(v.value);
    case 'string':
      return JSON.stringify(v.value);
    case 'vector':
      return `<${v.items.map(show).join(', ')}>`;
    case 'list':
      return `[${v.items.map(show).join(', ')}]`;
    case 'dim':
      return String(v.dim);
    default:
      return describe(v);
  }
}
