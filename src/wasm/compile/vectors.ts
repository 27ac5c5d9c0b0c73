import type { Graph } from './graph.ts';
import type { Node } from './region.ts';

/** Four lanes of f32 or of whole numbers, and their scalars. */

export type Lane = 'f32' | 'i32';

export const splat = (g: Graph, lane: Lane, x: Node): Node => {
  if (x.op === 'f32.load') {
    const load = g.loads.get(x);
    if (load) return g.loadAlso(load, 'v128.load32_splat', x);
    return g.load('v128.load32_splat', x.args[0], x.imm as number, x.early, x.data);
  }
  if (x.op === `${lane}x4.extract_lane`) {
    const [v] = x.args;
    const k = x.imm as number;
    return g.lane('i8x16.shuffle', [k, k, k, k], v, v);
  }
  return g.op(`${lane}x4.splat`, x);
};

export const extract = (g: Graph, lane: Lane, v: Node, k: number): Node => {
  const shuffled = v.op === 'i8x16.shuffle' ? (v.imm as readonly number[])[k] : -1;
  if (shuffled >= 0) return extract(g, lane, v.args[shuffled >> 2], shuffled & 3);
  return g.lane(`${lane}x4.extract_lane`, k, v);
};

/** Truth of one lane of a mask, as 0 or 1. */
export function extractBool(g: Graph, mask: Node, k: number): Node {
  const compared = /^(i32|f32)x4\.(eq|ne|[lg][te])(_[su])?$/.exec(mask.op);
  if (compared) {
    const [, of, op, sign = ''] = compared;
    const [a, b] = mask.args.map((n) => extract(g, of as Lane, n, k));
    return g.op(`${of}.${op}${sign}`, a, b);
  }
  if (mask.op === 'i32x4.splat') return g.op('i32.and', mask.args[0], g.i32(1));
  if (mask.op === 'v128.and' || mask.op === 'v128.or' || mask.op === 'v128.xor') {
    const [a, b] = mask.args.map((n) => extractBool(g, n, k));
    return g.op(mask.op.replace('v128', 'i32'), a, b);
  }
  return g.op('i32.and', extract(g, 'i32', mask, k), g.i32(1));
}

export function packBools(g: Graph, lanes: readonly Node[]): Node {
  const words = lanes.map((b) => g.op('i32.sub', g.i32(0), b));
  return pack(g, 'i32', words);
}

/** A vector of four scalars, in the shortest way that there is. */
export function pack(g: Graph, lane: Lane, lanes: readonly Node[]): Node {
  const [first] = lanes;
  if (lanes.every((n) => n === first)) return splat(g, lane, first);
  const loaded = neighbours(g, lanes);
  if (loaded) return loaded;
  const shuffled = shuffleOf(g, lane, lanes);
  if (shuffled) return shuffled;
  return lanes
    .slice(1)
    .reduce((v, n, k) => g.lane(`${lane}x4.replace_lane`, k + 1, v, n), g.op(`${lane}x4.splat`, first));
}

/** Whether these are loads of elements side by side. */
export function isRow(lanes: readonly Node[]): boolean {
  const [first] = lanes;
  if (first.op !== 'f32.load' && first.op !== 'i32.load') return false;
  return lanes.every(
    (n, k) => n.op === first.op && n.args[0] === first.args[0] && n.imm === (first.imm as number) + 4 * k,
  );
}

/** Four loads of elements side by side are one. Of memory that is written it would be another time. */
export function neighbours(g: Graph, lanes: readonly Node[]): Node | undefined {
  const [first] = lanes;
  if (!isRow(lanes) || lanes.some((n) => n.isFresh || n.early.nest > first.early.nest)) return undefined;
  return g.load('v128.load', first.args[0], first.imm as number, first.early, first.data);
}

/** Lanes of other vectors are brought together in at most three steps. */
function shuffleOf(g: Graph, lane: Lane, lanes: readonly Node[]): Node | undefined {
  const op = `${lane}x4.extract_lane`;
  if (!lanes.every((n) => n.op === op)) return undefined;
  const sources = [...new Set(lanes.map((n) => n.args[0]))];
  if (sources.length > 2) {
    const [low, high] = [pairOf(g, lanes[0], lanes[1]), pairOf(g, lanes[2], lanes[3])];
    const order = [low.at, low.at + 1, 4 + high.at, 5 + high.at];
    return g.lane('i8x16.shuffle', order, low.vector, high.vector);
  }
  const [a, b = a] = sources;
  const order = lanes.map((n) => (n.args[0] === a ? 0 : 4) + (n.imm as number));
  if (order.every((from, k) => from === k)) return a;
  return g.lane('i8x16.shuffle', order, a, b);
}

/**
 * A vector that has two lanes side by side, and where. The same lane of two vectors comes with the next one of both: rows
 * of a transposition share it.
 */
function pairOf(g: Graph, x: Node, y: Node): { readonly vector: Node; readonly at: number } {
  const [a, b, i, j] = [x.args[0], y.args[0], x.imm as number, y.imm as number];
  if (a === b && j === i + 1) return { vector: a, at: i };
  if (i !== j) return { vector: g.lane('i8x16.shuffle', [i, 4 + j, i, 4 + j], a, b), at: 0 };
  const first = i & 2;
  const order = [first, 4 + first, first + 1, 5 + first];
  return { vector: g.lane('i8x16.shuffle', order, a, b), at: 2 * (i & 1) };
}
