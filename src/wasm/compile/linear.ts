import { exponentOf, isPowerOfTwo } from '../../math.ts';
import type { Graph } from './graph.ts';
import type { Node } from './region.ts';

/** A sum of nodes with factors, and a constant, modulo 2³². */
export interface Linear {
  readonly terms: ReadonlyMap<Node, number>;
  readonly constant: number;
}

const linears = new WeakMap<Node, Linear>();

export function linearOf(node: Node): Linear {
  const known = linears.get(node);
  if (known) return known;
  const made = compute(node);
  linears.set(node, made);
  return made;
}

function compute(node: Node): Linear {
  const [a, b] = node.args;
  switch (node.op) {
    case 'i32.const':
      return { terms: new Map(), constant: node.imm as number };
    case 'i32.add':
      return sum(linearOf(a), linearOf(b), 1);
    case 'i32.sub':
      return sum(linearOf(a), linearOf(b), -1);
    case 'i32.mul':
      if (b.op === 'i32.const') return scaled(linearOf(a), b.imm as number);
      break;
    case 'i32.shl':
      if (b.op === 'i32.const') return scaled(linearOf(a), 1 << (b.imm as number));
      break;
  }
  return { terms: new Map([[node, 1]]), constant: 0 };
}

export function scaled(l: Linear, by: number): Linear {
  if (by === 1) return l;
  const { terms, constant } = l;
  const times = new Map<Node, number>();
  for (const [n, f] of terms) {
    const factor = Math.imul(f, by);
    if (factor !== 0) times.set(n, factor);
  }
  return { terms: times, constant: Math.imul(constant, by) };
}

export function sum(a: Linear, b: Linear, sign: 1 | -1 = 1): Linear {
  const constant = (a.constant + sign * b.constant) | 0;
  if (b.terms.size === 0) return constant === a.constant ? a : { terms: a.terms, constant };
  if (a.terms.size === 0 && sign === 1) return constant === b.constant ? b : { terms: b.terms, constant };
  const terms = new Map(a.terms);
  for (const [n, f] of b.terms) {
    const factor = ((terms.get(n) ?? 0) + sign * f) | 0;
    if (factor === 0) terms.delete(n);
    else terms.set(n, factor);
  }
  return { terms, constant };
}

/**
 * `16 (x >> 2) + 4 (x & 3)` is `4 x`: an element of an array of vectors. With `quads`, `16 (x >> 2)` alone is, too: the
 * accessors of vectors are only called with multiples of 4.
 */
export function withoutQuads(l: Linear, quads: boolean): Linear {
  for (const [shift, factor] of l.terms) {
    if (shift.op !== 'i32.shr_u' || shift.args[1].imm !== 2 || factor % 4 !== 0) continue;
    const [x] = shift.args;
    const rest = [...l.terms.keys()].find(
      (n) => n.op === 'i32.and' && n.args[0] === x && n.args[1].imm === 3 && l.terms.get(n) === factor / 4,
    );
    if (!rest && !quads) continue;
    const left = new Map(l.terms);
    left.delete(shift);
    if (rest) left.delete(rest);
    return withoutQuads(sum({ terms: left, constant: l.constant }, scaled(linearOf(x), factor / 4)), quads);
  }
  return l;
}

/** Offsets of loads are below it, so that an address never wraps where nodes and offset lie in memory. */
export const MOST_OFFSET = 65536;

/**
 * The nodes that compute it, but for a constant that fits the offset of an access. What is known outside of loops is
 * added first, so that it is added there.
 *
 * @param more added to the nodes, but not to the offset
 */
export function addressOf(
  g: Graph,
  l: Linear,
  more = 0,
): { readonly address: Node; readonly offset: number } {
  const offset = l.constant >= 0 && l.constant < MOST_OFFSET ? l.constant : 0;
  const constant = (l.constant - offset + more) | 0;
  const byDepth = new Map<number, Map<number, Node[]>>();
  for (const [node, factor] of l.terms) {
    const { depth } = node.early;
    const factors = byDepth.get(depth) ?? new Map<number, Node[]>();
    byDepth.set(depth, factors);
    const nodes = factors.get(factor);
    if (nodes) nodes.push(node);
    else factors.set(factor, [node]);
  }
  let total = constant === 0 ? undefined : g.i32(constant);
  for (const [, factors] of [...byDepth].sort(([a], [b]) => a - b)) {
    for (const [factor, nodes] of [...factors].sort(([a], [b]) => a - b)) {
      const group = nodes.sort((a, b) => a.id - b.id).reduce((s, n) => g.op('i32.add', s, n));
      const times = multiple(g, group, factor);
      total = total ? g.op('i32.add', total, times) : times;
    }
  }
  return { address: total ?? g.i32(0), offset };
}

function multiple(g: Graph, node: Node, factor: number): Node {
  return isPowerOfTwo(factor)
    ? g.op('i32.shl', node, g.i32(exponentOf(factor)))
    : g.op('i32.mul', node, g.i32(factor));
}
