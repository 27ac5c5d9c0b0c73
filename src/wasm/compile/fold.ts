import { exponentOf } from '../../math.ts';
import type { Graph } from './graph.ts';
import type { Node } from './region.ts';

const isConstant = (n: Node) => n.op === 'i32.const';
const constantOf = (n: Node) => n.imm as number;

/** Whole-number instructions on constants. */
const computed: Readonly<Record<string, (a: number, b: number) => number>> = {
  'i32.add': (a, b) => a + b,
  'i32.sub': (a, b) => a - b,
  'i32.mul': Math.imul,
  'i32.and': (a, b) => a & b,
  'i32.or': (a, b) => a | b,
  'i32.xor': (a, b) => a ^ b,
  'i32.shl': (a, b) => a << b,
  'i32.shr_u': (a, b) => a >>> b,
  'i32.shr_s': (a, b) => a >> b,
  'i32.eq': (a, b) => Number(a === b),
  'i32.ne': (a, b) => Number(a !== b),
  'i32.lt_u': (a, b) => Number(a >>> 0 < b >>> 0),
  'i32.lt_s': (a, b) => Number(a < b),
  'i32.ge_u': (a, b) => Number(a >>> 0 >= b >>> 0),
  'i32.ge_s': (a, b) => Number(a >= b),
  'i32.gt_u': (a, b) => Number(a >>> 0 > b >>> 0),
  'i32.gt_s': (a, b) => Number(a > b),
  'i32.le_u': (a, b) => Number(a >>> 0 <= b >>> 0),
  'i32.le_s': (a, b) => Number(a <= b),
};

type Fold = (g: Graph, op: string, args: readonly Node[], imm: Node['imm']) => Node | undefined;

const folds = new Map<string, Fold>();

/** A simpler node that is the same in all bits, if there is one. */
export function fold(g: Graph, op: string, args: readonly Node[], imm: Node['imm']): Node | undefined {
  let known = folds.get(op);
  if (!known) {
    known = foldOf(op);
    folds.set(op, known);
  }
  return known(g, op, args, imm);
}

/** What an instruction's name says of how it folds: most are asked for thousands of times. */
function foldOf(op: string): Fold {
  if (op.startsWith('select')) {
    return (_g, _op, [a, b, c]) => (a === b ? a : isConstant(c) ? (constantOf(c) !== 0 ? a : b) : undefined);
  }
  if (op === 'i32.eqz')
    return (g, _op, [a]) => (isConstant(a) ? g.i32(constantOf(a) === 0 ? 1 : 0) : undefined);
  if (op === 'f32x4.add' || op === 'f32x4.sub')
    return (g, _op, [a, b]) => (g.relaxed ? fused(g, op, a, b) : undefined);
  if (op === 'v128.bitselect') return (g, _op, [a, b, c]) => bounded(g, a, b, c);
  if (op.startsWith('i32.')) return foldWhole;
  if (op.endsWith('x4.splat')) return (g, _op, [a]) => foldSplat(g, a);
  if (op.endsWith('extract_lane')) return (g, _op, [a], imm) => foldExtract(g, op, a, imm as number);
  return () => undefined;
}

const foldWhole: Fold = (g, op, [a, b]) => {
  if (!b) return undefined;
  if (isConstant(b)) {
    if (op in computed && isConstant(a)) return g.i32(computed[op](constantOf(a), constantOf(b)));
    return foldRight(g, op, a, constantOf(b));
  }
  return (op === 'i32.add' || op === 'i32.mul') && isConstant(a) ? g.op(op, b, a) : undefined;
};

/** A product and a sum, rounded once where the processor can. */
function fused(g: Graph, op: string, a: Node, b: Node): Node | undefined {
  if (b.op === 'f32x4.mul') {
    return g.op(`f32x4.relaxed_${op === 'f32x4.add' ? 'madd' : 'nmadd'}`, b.args[0], b.args[1], a);
  }
  if (op === 'f32x4.add' && a.op === 'f32x4.mul') return g.op('f32x4.relaxed_madd', a.args[0], a.args[1], b);
  return undefined;
}

/** `x < y ? x : y` and `x < y ? y : x` are one instruction, in all bits. */
function bounded(g: Graph, yes: Node, no: Node, mask: Node): Node | undefined {
  if (yes === no) return yes;
  if (mask.op !== 'f32x4.lt' && mask.op !== 'f32x4.gt') return undefined;
  const [less, more] = mask.op === 'f32x4.lt' ? mask.args : [mask.args[1], mask.args[0]];
  if (yes === less && no === more) return g.op('f32x4.pmin', no, yes);
  return yes === more && no === less ? g.op('f32x4.pmax', no, yes) : undefined;
}

function foldRight(g: Graph, op: string, a: Node, b: number): Node | undefined {
  const power = b > 0 && (b & (b - 1)) === 0;
  switch (op) {
    case 'i32.add':
    case 'i32.or':
    case 'i32.xor':
    case 'i32.shl':
    case 'i32.shr_u':
    case 'i32.shr_s':
      if (b === 0) return a;
      if (op === 'i32.add' && a.op === 'i32.add' && isConstant(a.args[1]))
        return g.op(op, a.args[0], g.i32(constantOf(a.args[1]) + b));
      return undefined;
    case 'i32.sub':
      return g.op('i32.add', a, g.i32(-b));
    case 'i32.mul':
      return b === 1 ? a : b === 0 ? g.i32(0) : undefined;
    case 'i32.and':
      return b === -1 ? a : b === 0 ? g.i32(0) : undefined;
    case 'i32.div_u':
      return power ? g.op('i32.shr_u', a, g.i32(exponentOf(b))) : undefined;
    case 'i32.rem_u':
      return power ? g.op('i32.and', a, g.i32(b - 1)) : undefined;
    default:
      return undefined;
  }
}

const word = new DataView(new ArrayBuffer(4));

function foldSplat(g: Graph, a: Node): Node | undefined {
  if (a.op === 'i32.const') return g.v128([constantOf(a), constantOf(a), constantOf(a), constantOf(a)]);
  if (a.op === 'f32.const') {
    word.setFloat32(0, constantOf(a));
    const bits = word.getInt32(0);
    return g.v128([bits, bits, bits, bits]);
  }
  return undefined;
}

/** Instructions on four whole numbers, of which one lane is the same instruction on one. */
const BY_LANE = /^i32x4\.(add|sub|mul|shl|shr_s|shr_u)$/;

function foldExtract(g: Graph, op: string, a: Node, lane: number): Node | undefined {
  if (a.op === 'f32x4.splat' || a.op === 'i32x4.splat') {
    const [x] = a.args;
    if (op[0] === a.op[0]) return x;
    return g.op(op[0] === 'i' ? 'i32.reinterpret_f32' : 'f32.reinterpret_i32', x);
  }
  if (a.op === `${op.slice(0, 5)}.replace_lane`) {
    return a.imm === lane ? a.args[1] : g.lane(op, lane, a.args[0]);
  }
  if (a.op === 'v128.const') {
    const bits = (a.imm as readonly number[])[lane];
    if (op[0] === 'i') return g.i32(bits);
    word.setInt32(0, bits);
    // The bits of a NaN would not survive.
    return Number.isNaN(word.getFloat32(0)) ? undefined : g.f32(word.getFloat32(0));
  }
  if (op !== 'i32x4.extract_lane') return undefined;
  if (BY_LANE.test(a.op)) {
    const [x, y] = a.args;
    const right = a.op.includes('sh') ? y : g.lane(op, lane, y);
    return g.op(a.op.replace('x4', ''), g.lane(op, lane, x), right);
  }
  if (a.op === 'v128.bitselect') {
    const [x, y, mask] = a.args;
    return g.op('select', g.lane(op, lane, x), g.lane(op, lane, y), g.lane(op, lane, mask));
  }
  if (/^i32x4\.(min|max)_[su]$/.test(a.op)) {
    const [x, y] = a.args.map((n) => g.lane(op, lane, n));
    const less = `i32.${a.op.includes('min') ? 'lt' : 'gt'}_${a.op.at(-1)}`;
    return g.op('select', x, y, g.op(less, x, y));
  }
  return undefined;
}
