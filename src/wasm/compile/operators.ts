import type { ComparisonOp } from '../wgsl/syntax.ts';
import type { ScalarName } from '../wgsl/types.ts';
import type { Graph } from './graph.ts';
import type { Node } from './region.ts';
import { extract, pack } from './vectors.ts';

/** Operators on one leaf of each side: a scalar, or with `quad` four of them. */

const COMPARED: Readonly<Record<ComparisonOp, string>> = {
  '==': 'eq',
  '!=': 'ne',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
};
const NAMED: Readonly<Record<string, string>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'div',
  '&': 'and',
  '|': 'or',
  '^': 'xor',
  '<<': 'shl',
};

export function binary(g: Graph, op: string, of: ScalarName, quad: boolean, a: Node, b: Node): Node {
  if (op in COMPARED) return compared(g, op as ComparisonOp, of, quad, a, b);
  if (of === 'f32') {
    const prefix = quad ? 'f32x4' : 'f32';
    if (op !== '%') return g.op(`${prefix}.${NAMED[op]}`, a, b);
    const whole = g.op(`${prefix}.trunc`, g.op(`${prefix}.div`, a, b));
    return g.op(`${prefix}.sub`, a, g.op(`${prefix}.mul`, b, whole));
  }
  if (op === '&' || op === '|' || op === '^') return g.op(`${quad ? 'v128' : 'i32'}.${NAMED[op]}`, a, b);
  if (op === '+' || op === '-' || op === '*') return g.op(`i32${quad ? 'x4' : ''}.${NAMED[op]}`, a, b);
  if (!quad) return op === '/' || op === '%' ? divided(g, op, of, a, b) : shifted(g, op, of, a, b);
  if ((op === '<<' || op === '>>') && isSplat(b)) {
    const amount = g.op('i32.and', extract(g, 'i32', b, 0), g.i32(31));
    return g.op(`i32x4.${shiftName(op, of)}`, a, amount);
  }
  const lanes = [0, 1, 2, 3].map((k) =>
    binary(g, op, of, false, extract(g, 'i32', a, k), extract(g, 'i32', b, k)),
  );
  return pack(g, 'i32', lanes);
}

const isSplat = (n: Node): boolean =>
  n.op === 'i32x4.splat' ||
  (n.op === 'v128.const' && (n.imm as readonly number[]).every((w, _, all) => w === all[0]));

const shiftName = (op: string, of: ScalarName) => (op === '<<' ? 'shl' : of === 'u32' ? 'shr_u' : 'shr_s');
const shifted = (g: Graph, op: string, of: ScalarName, a: Node, b: Node) =>
  g.op(`i32.${shiftName(op, of)}`, a, b);

function compared(g: Graph, op: ComparisonOp, of: ScalarName, quad: boolean, a: Node, b: Node): Node {
  const ordered = op !== '==' && op !== '!=';
  const sign = of === 'f32' || !ordered ? '' : of === 'u32' ? '_u' : '_s';
  return g.op(`${of === 'f32' ? 'f32' : 'i32'}${quad ? 'x4' : ''}.${COMPARED[op]}${sign}`, a, b);
}

/** Where there is no quotient it is the left side, and the remainder 0; the machine would stop. */
function divided(g: Graph, op: '/' | '%', of: ScalarName, a: Node, b: Node): Node {
  const name = `i32.${op === '/' ? 'div' : 'rem'}_${of === 'u32' ? 'u' : 's'}`;
  if (b.op === 'i32.const') {
    if (b.imm === 0) return op === '/' ? a : g.i32(0);
    if (of === 'u32' || b.imm !== -1) return g.op(name, a, b);
  }
  if (of === 'u32' || op === '%') return g.op(name, a, nonZero(g, b));
  const least = g.op('i32.eq', a, g.i32(-(2 ** 31)));
  const beyond = g.op('i32.and', least, g.op('i32.eq', b, g.i32(-1)));
  return g.op(name, a, g.op('select', g.i32(1), b, g.op('i32.or', g.op('i32.eqz', b), beyond)));
}

/** A divisor, 1 in the place of 0. */
export const nonZero = (g: Graph, b: Node): Node => g.op('select', g.i32(1), b, g.op('i32.eqz', b));

export function negated(g: Graph, of: ScalarName, quad: boolean, a: Node): Node {
  if (of === 'f32') return g.op(quad ? 'f32x4.neg' : 'f32.neg', a);
  return quad ? g.op('i32x4.neg', a) : g.op('i32.sub', g.i32(0), a);
}

/** `condition ? b : a`, the condition 0 or 1, or of quads a mask. */
export function selected(g: Graph, quad: boolean, a: Node, b: Node, condition: Node): Node {
  if (a === b) return a;
  if (quad) return g.op('v128.bitselect', b, a, condition);
  return g.op(a.rep === 'i32' ? 'select' : `select_${a.rep}`, b, a, condition);
}

/** A value of another type. */
export function converted(g: Graph, to: ScalarName, from: ScalarName, quad: boolean, a: Node): Node {
  const x4 = quad ? 'x4' : '';
  if (to === from) return a;
  switch (to) {
    case 'f32':
      if (from === 'bool') {
        const one = quad ? g.op('f32x4.splat', g.f32(1)) : g.f32(1);
        return quad ? g.op('v128.and', a, one) : g.op('f32.convert_i32_u', a);
      }
      if (from === 'f16') return halfToFloat(g, a);
      return g.op(`f32${x4}.convert_i32${x4}_${from === 'u32' ? 'u' : 's'}`, a);
    case 'f16':
      return floatToHalf(g, a);
    case 'bool': {
      const of = from === 'f32' ? 'f32' : 'i32';
      const none = of === 'f32' ? g.f32(0) : g.i32(0);
      return quad ? g.op(`${of}x4.ne`, a, g.op(`${of}x4.splat`, none)) : g.op(`${of}.ne`, a, none);
    }
    default:
      if (from === 'f32') return g.op(`i32${x4}.trunc_sat_f32${x4}_${to === 'u32' ? 'u' : 's'}`, a);
      if (from === 'bool' && quad) return g.op('v128.and', a, g.op('i32x4.splat', g.i32(1)));
      return a;
  }
}

/** The f32 of half precision's bits: the exponent is moved by a product, which is exact also below 2⁻¹⁴. */
function halfToFloat(g: Graph, bits: Node): Node {
  const magnitude = g.op('i32.shl', g.op('i32.and', bits, g.i32(0x7fff)), g.i32(13));
  const moved = g.op('f32.mul', g.op('f32.reinterpret_i32', magnitude), g.f32(2 ** 112));
  const special = g.op('i32.ge_u', magnitude, g.i32(0x0f800000));
  const word = g.op(
    'select',
    g.op('i32.or', magnitude, g.i32(0x7f800000)),
    g.op('i32.reinterpret_f32', moved),
    special,
  );
  const sign = g.op('i32.shl', g.op('i32.and', bits, g.i32(0x8000)), g.i32(16));
  return g.op('f32.reinterpret_i32', g.op('i32.or', word, sign));
}

/**
 * The bits of the nearest number of half precision, ties to even. A sum with a number whose last place is that of half
 * precision rounds: 2²³ steps of 2⁻²⁴ below 2⁻¹⁴, above it the number's power of two times 2¹³.
 */
function floatToHalf(g: Graph, x: Node): Node {
  const word = g.op('i32.reinterpret_f32', x);
  const magnitude = g.op('i32.and', word, g.i32(0x7fffffff));
  const size = g.op('f32.reinterpret_i32', magnitude);
  const exponent = g.op('i32.and', magnitude, g.i32(0x7f800000));
  const least = g.i32(113 << 23);
  const low = g.op('select', least, exponent, g.op('i32.lt_u', exponent, least));
  const step = g.op('f32.reinterpret_i32', g.op('i32.add', low, g.i32(13 << 23)));
  const rounded = g.op('i32.reinterpret_f32', g.op('f32.add', size, step));
  // What the sum holds beyond `step` are steps; a carry goes on into the exponent.
  const steps = g.op('i32.sub', rounded, g.op('i32.add', low, g.i32(13 << 23)));
  const bits = g.op('i32.add', steps, g.op('i32.sub', g.op('i32.shr_u', low, g.i32(13)), g.i32(113 << 10)));
  // From 2¹⁶ on; what is rounded up to it is infinite by the carry.
  const finite = g.op('select', g.i32(0x7c00), bits, g.op('i32.ge_u', magnitude, g.i32(0x47800000)));
  const infinite = g.op('select', g.i32(0x7c00), g.i32(0x7e00), g.op('i32.eq', magnitude, g.i32(0x7f800000)));
  const half = g.op('select', infinite, finite, g.op('i32.ge_u', magnitude, g.i32(0x7f800000)));
  return g.op('i32.or', half, g.op('i32.and', g.op('i32.shr_u', word, g.i32(16)), g.i32(0x8000)));
}
