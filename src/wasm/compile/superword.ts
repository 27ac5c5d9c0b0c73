import type { Graph } from './graph.ts';
import { bytesOfAccess, type Item, type Node, type Region } from './region.ts';
import { definedBy, regionsOf } from './schedule.ts';
import { isRow, neighbours, pack } from './vectors.ts';

/**
 * Four stores side by side become one, and what they store is computed four at a time as far as it is computed alike (S.
 * Larsen and S. Amarasinghe, "Exploiting Superword Level Parallelism with Multimedia Instruction Sets", 2000).
 */
export function combineStores(g: Graph, region: Region): void {
  const words = new Superwords(g);
  const visit = (r: Region): void => {
    combine(words, r);
    for (const item of r.items) regionsOf(item).forEach(visit);
  };
  visit(region);
}

type Store = Item & { kind: 'store' };

/** Items that others may be moved past. */
const SIMPLE = new Set(['store', 'define', 'set', 'nothing']);

const NARROW = new Set(['f32.store', 'i32.store']);

function combine(words: Superwords, region: Region): void {
  const { items } = region;
  for (let k = 0; k < items.length; k++) {
    const first = items[k];
    if (first.kind !== 'store' || !NARROW.has(first.op)) continue;
    const group = fourFrom(items, k, first);
    if (!group) continue;
    const values = group.map((at) => (items[at] as Store).value);
    if (!words.pays(values)) continue;
    const value = words.of(values);
    // Positions are how regions and nodes know where they belong, so what is left out stays as nothing.
    for (const at of group.slice(0, 3)) items[at] = { kind: 'nothing' };
    items[group[3]] = { ...first, op: 'v128.store', value };
  }
}

/** Where the four stores stand that begin with one, if they can all wait for the last of them. */
function fourFrom(items: readonly Item[], start: number, first: Store): readonly number[] | undefined {
  const group = [start];
  for (let k = start + 1; k < items.length && group.length < 4; k++) {
    const item = items[k];
    if (item.kind === 'store' && item.buffer === first.buffer) {
      // Of the same memory only what is known to lie elsewhere may be passed.
      if (item.address !== first.address || item.op !== first.op) return undefined;
      const distance = item.offset - first.offset;
      if (distance === 4 * group.length) group.push(k);
      else if (distance < 4 * group.length) return undefined;
    } else if (item.kind === 'define' && item.buffer === first.buffer && item.buffer) {
      const reads = ({ op, args, imm }: Node): boolean => {
        const distance = (imm as number) - first.offset;
        const isBefore = distance + bytesOfAccess(op) <= 0;
        // Behind it, or what is stored later.
        return args[0] !== first.address || !(isBefore || distance >= 4 * group.length);
      };
      if (definedBy(item).some(reads)) return undefined;
    } else if (!SIMPLE.has(item.kind)) return undefined;
  }
  return group.length === 4 ? group : undefined;
}

/** Instructions on scalars that there are on four of them. */
const WIDE: Readonly<Record<string, string>> = Object.fromEntries([
  ...['add', 'sub', 'mul', 'div', 'abs', 'neg', 'sqrt', 'ceil', 'floor', 'trunc', 'nearest'].map((op) => [
    `f32.${op}`,
    `f32x4.${op}`,
  ]),
  ...['add', 'sub', 'mul'].map((op) => [`i32.${op}`, `i32x4.${op}`]),
  ...['and', 'or', 'xor'].map((op) => [`i32.${op}`, `v128.${op}`]),
  ['f32.convert_i32_s', 'f32x4.convert_i32x4_s'],
  ['f32.convert_i32_u', 'f32x4.convert_i32x4_u'],
  ['i32.trunc_sat_f32_s', 'i32x4.trunc_sat_f32x4_s'],
  ['i32.trunc_sat_f32_u', 'i32x4.trunc_sat_f32x4_u'],
]);
const COMPARED = /^(i32|f32)\.(eq|ne|[lg][te])(_[su])?$/;
const SHIFTED = /^i32\.(shl|shr_s|shr_u)$/;

class Superwords {
  private readonly g: Graph;
  private readonly known = new Map<string, Node>();

  constructor(g: Graph) {
    this.g = g;
  }

  /** Whether four values are loaded or computed together, rather than put together. */
  pays(values: readonly Node[]): boolean {
    const [first] = values;
    if (values.every((v) => v === first)) return true;
    if (this.loaded(values)) return true;
    const { op } = first;
    if (!values.every((v) => v.op === op)) return false;
    return op in WIDE || op === 'select_f32' || op.endsWith('extract_lane');
  }

  private loaded(values: readonly Node[]): Node | undefined {
    return neighbours(this.g, values) ?? this.loadedTogether(values);
  }

  /**
   * Elements side by side of memory that is written: as one where the first of them is loaded, if none of the others is
   * stored between that and its own load.
   */
  private loadedTogether(values: readonly Node[]): Node | undefined {
    const loads = values.flatMap((v) => this.g.loads.get(v) ?? []);
    if (loads.length < 4 || !isRow(values)) return undefined;
    const first = loads.reduce((a, b) => (a.index <= b.index ? a : b));
    const { region, item: define } = first;
    if (loads.some((l) => l.region !== region)) return undefined;
    const indices = loads.map((l) => l.index);
    for (let k = first.index; k < Math.max(...indices); k++) {
      const item = region.items[k];
      if (!SIMPLE.has(item.kind)) return undefined;
      if (item.kind !== 'store' || item.buffer !== define.buffer) continue;
      if (item.address !== values[0].args[0]) return undefined;
      const end = item.offset + bytesOfAccess(item.op);
      const changes = (at: number) => item.offset < at + 4 && at < end;
      if (values.some((v, lane) => indices[lane] > k && changes(v.imm as number))) return undefined;
    }
    return this.g.loadAlso(first, 'v128.load', values[0]);
  }

  /** Four scalars as one vector. */
  of(values: readonly Node[]): Node {
    const key = values.map((v) => v.id).join(' ');
    const known = this.known.get(key);
    if (known) return known;
    const made = this.make(values);
    this.known.set(key, made);
    return made;
  }

  private make(values: readonly Node[]): Node {
    const { g } = this;
    const [first] = values;
    const { op, rep } = first;
    const lane = rep === 'f32' ? 'f32' : 'i32';
    const alike = values.every((v) => v.op === op) && values.some((v) => v !== first);
    const together = this.loaded(values);
    if (together) return together;
    if (!alike) return pack(g, lane, values);
    if (op in WIDE) return g.op(WIDE[op], ...first.args.map((_, k) => this.of(values.map((v) => v.args[k]))));
    if (SHIFTED.test(op) && values.every((v) => v.args[1] === first.args[1])) {
      return g.op(op.replace('i32', 'i32x4'), this.of(values.map((v) => v.args[0])), first.args[1]);
    }
    if (op === 'i32.reinterpret_f32' || op === 'f32.reinterpret_i32') {
      return this.of(values.map((v) => v.args[0]));
    }
    if (op === 'select_f32' || op === 'select') {
      const [a, b] = [0, 1].map((k) => this.of(values.map((v) => v.args[k])));
      const conditions = values.map((v) => v.args[2]);
      const compares = (x: number, y: number) =>
        values.every(
          ({ args }) => args[2].op === 'f32.lt' && args[2].args[0] === args[x] && args[2].args[1] === args[y],
        );
      // The less, or the greater, of two.
      if (compares(0, 1)) return g.op('f32x4.pmin', b, a);
      if (compares(1, 0)) return g.op('f32x4.pmax', b, a);
      if (conditions.every((c) => c === conditions[0])) return g.op('select_v128', a, b, conditions[0]);
      return g.op('v128.bitselect', a, b, this.mask(conditions));
    }
    return pack(g, lane, values);
  }

  /** Four truths as a mask. */
  private mask(conditions: readonly Node[]): Node {
    const { g } = this;
    const [first] = conditions;
    const alike = conditions.every((c) => c.op === first.op);
    const compared = COMPARED.exec(first.op);
    if (alike && compared) {
      const [a, b] = [0, 1].map((k) => this.of(conditions.map((c) => c.args[k])));
      return g.op(`${compared[1]}x4.${compared[2]}${compared[3] ?? ''}`, a, b);
    }
    if (alike && (first.op === 'i32.and' || first.op === 'i32.or') && conditions.every(isTruth)) {
      const [a, b] = [0, 1].map((k) => this.mask(conditions.map((c) => c.args[k])));
      return g.op(first.op.replace('i32', 'v128'), a, b);
    }
    // 0 or another number, as `select` takes them.
    const zero = g.v128([0, 0, 0, 0]);
    return g.op('i32x4.ne', pack(g, 'i32', conditions), zero);
  }
}

/** Whether a node is 0 or 1 by how it is made. */
function isTruth(n: Node): boolean {
  if (COMPARED.test(n.op) || n.op === 'i32.eqz') return true;
  return (n.op === 'i32.and' || n.op === 'i32.or') && n.args.every(isTruth);
}
