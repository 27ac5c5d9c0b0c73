import type { Expression, MapName } from '../wgsl/tree.ts';
import { elementOf, type ScalarName } from '../wgsl/types.ts';
import type { Context } from './context.ts';
import type { Graph } from './graph.ts';
import { fromScalars, isQuad, scalarsOf } from './leaves.ts';
import { Real } from './math.ts';
import { negated, selected } from './operators.ts';
import type { Node } from './region.ts';
import { extract, packBools, splat } from './vectors.ts';

/** A function of WGSL on the leaves of its arguments. */
export function lowerBuiltin(
  c: Context,
  e: Expression & { kind: 'builtin' },
  args: readonly (readonly Node[])[],
): readonly Node[] {
  const g = c.graph;
  const quad = isQuad(e.type);
  switch (e.name) {
    case 'select': {
      const [a, b, condition] = args;
      if (!quad) return a.map((x, k) => selected(g, false, x, b[k], condition[condition.length > 1 ? k : 0]));
      const one = e.args[2].type.kind === 'scalar';
      if (one) return [g.op('select_v128', b[0], a[0], condition[0])];
      return [selected(g, true, a[0], b[0], condition[0])];
    }
    case 'dot': {
      const [a, b] = args.map((leaves, k) => [leaves, e.args[k].type] as const);
      const products = isQuad(a[1])
        ? [0, 1, 2, 3].map((k) => extract(g, 'f32', g.op('f32x4.mul', a[0][0], b[0][0]), k))
        : a[0].map((x, k) => g.op('f32.mul', x, b[0][k]));
      return [products.reduce((sum, x) => g.op('f32.add', sum, x))];
    }
    case 'transpose': {
      const from = e.args[0].type;
      if (from.kind !== 'matrix' || e.type.kind !== 'matrix') throw new Error('transpose of no matrix');
      const { column } = e.type;
      const n = args[0].length / from.columns;
      const columns = Array.from({ length: from.columns }, (_, k) =>
        scalarsOf(g, from.column, args[0].slice(k * n, (k + 1) * n)),
      );
      return columns[0].flatMap((_, row) =>
        fromScalars(
          g,
          column,
          columns.map((col) => col[row]),
        ),
      );
    }
    case 'any':
    case 'all': {
      const of = e.args[0].type;
      if (isQuad(of)) {
        const [mask] = args[0];
        return [g.op(e.name === 'any' ? 'v128.any_true' : 'i32x4.all_true', mask)];
      }
      return [args[0].reduce((a, b) => g.op(e.name === 'any' ? 'i32.or' : 'i32.and', a, b))];
    }
    default: {
      const of = elementOf(e.type)!.name;
      const { name } = e;
      return args[0].map((_, k) =>
        mapped(
          c,
          name,
          of,
          quad,
          args.map((a) => a[k]),
        ),
      );
    }
  }
}

function mapped(c: Context, name: MapName, of: ScalarName, quad: boolean, [x, y, z]: readonly Node[]): Node {
  if (of !== 'f32') return wholeMapped(c.graph, name, of, quad, x, y, z);
  const real = new Real(c.graph, quad);
  switch (name) {
    case 'min':
    case 'max':
      return real[name](x, y);
    case 'clamp':
      return real.min(real.max(x, y), z);
    case 'fma':
      return real.fma(x, y, z);
    case 'exp':
    case 'exp2':
    case 'log':
    case 'log2':
    case 'tanh':
    case 'inverseSqrt':
    case 'sign':
      return real[name](x);
    case 'round':
      return real.apply('nearest', x);
    default:
      return real.apply(name, x);
  }
}

function wholeMapped(
  g: Graph,
  name: MapName,
  of: ScalarName,
  quad: boolean,
  x: Node,
  y: Node,
  z: Node,
): Node {
  const sign = of === 'u32' ? 'u' : 's';
  const bound = (which: 'min' | 'max', a: Node, b: Node): Node =>
    quad
      ? g.op(`i32x4.${which}_${sign}`, a, b)
      : g.op('select', a, b, g.op(`i32.${which === 'min' ? 'lt' : 'gt'}_${sign}`, a, b));
  switch (name) {
    case 'min':
    case 'max':
      return bound(name, x, y);
    case 'clamp':
      return bound('min', bound('max', x, y), z);
    case 'abs':
      if (of === 'u32') return x;
      return quad
        ? g.op('i32x4.abs', x)
        : g.op('select', negated(g, of, false, x), x, g.op('i32.lt_s', x, g.i32(0)));
    default: {
      // sign
      if (!quad) {
        const positive = g.op(`i32.${of === 'u32' ? 'ne' : 'gt_s'}`, x, g.i32(0));
        return of === 'u32' ? positive : g.op('i32.sub', positive, g.op('i32.lt_s', x, g.i32(0)));
      }
      const none = splat(g, 'i32', g.i32(0));
      const mask = g.op(`i32x4.${of === 'u32' ? 'ne' : 'gt_s'}`, x, none);
      const negative = of === 'u32' ? none : g.op('i32x4.lt_s', x, none);
      // A mask is -1 where it holds.
      return g.op('i32x4.sub', negative, mask);
    }
  }
}

/** A mask of one condition for four lanes. */
export const maskOf = (g: Graph, condition: Node): Node =>
  packBools(g, [condition, condition, condition, condition]);
