import { Dim, type Dims } from '../../src/ir/dim.ts';
import { type Attr, elementCount } from '../../src/ir/graph.ts';
import type { TensorType } from '../../src/ir/op.ts';
import { ops } from '../../src/ops/index.ts';

/** Elements a sample that a tensor of a random spec may have: the float64 loops stay short. */
const MOST_ELEMENTS = 4000;

/** A tensor that further calls may take. */
export interface Tensor {
  readonly name: string;
  readonly dims: Dims;
  used: boolean;
}

/** A call that a maker proposes; whether it is legal, the op's shape rule says. */
export interface Proposal {
  readonly operands: readonly Tensor[];
  readonly attrs?: Readonly<Record<string, Attr>>;
  /** The attribute `shape`, where it may hold the batch. */
  readonly sizes?: Dims;
}

export type Maker = (s: Draft) => Proposal;

/** Random numbers from one seed (mulberry32). */
export class Dice {
  private state: number;
  constructor(seed: number) {
    this.state = seed;
  }
  /** Whole, from 0 up to but without `n`. */
  below(n: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
  shuffled(n: number): number[] {
    const order = [...new Array(n).keys()];
    for (let i = n - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}

/** A spec that grows call by call. */
export class Draft {
  dice = new Dice(0);
  readonly lines: string[] = [];
  readonly declared: string[] = [];
  readonly pool: Tensor[] = [];
  readonly called = new Set<string>();
  private names = 0;

  size(): number {
    return this.dice.pick([1, 2, 2, 3, 3, 4, 5, 7]);
  }

  tensor(dims: Dims, kind: 'input' | 'param'): Tensor {
    const name = `${kind === 'input' ? 'x' : 'p'}${this.names++}`;
    const init = kind === 'input' ? '' : ' = normal(std: 0.5)';
    this.declared.push(`${kind} ${name}: [${dims.map(sizeText).join(', ')}]${init}`);
    const tensor = { name, dims, used: false };
    this.pool.push(tensor);
    return tensor;
  }

  param(...sizes: number[]): Tensor {
    return this.tensor(
      sizes.map((n) => Dim.of(n)),
      'param',
    );
  }

  any(): Tensor {
    const recent = this.dice.below(3) > 0 ? this.pool.slice(-4) : this.pool;
    return recent.length > 0 ? this.dice.pick(recent) : this.batched(this.dice.below(7));
  }

  /** One of `rank` axes, a new one where there is none. */
  ofRank(rank: number): Tensor {
    const fitting = this.pool.filter((t) => t.dims.length === rank);
    return fitting.length > 0 && this.dice.below(4) > 0 ? this.dice.pick(fitting) : this.batched(rank - 1);
  }

  /** [B, …] with so many axes behind the batch. */
  batched(axes: number): Tensor {
    const dims = [Dim.B, ...Array.from({ length: axes }, () => Dim.of(this.size()))];
    return this.tensor(dims, 'input');
  }

  axis(t: Tensor): number {
    const rank = Math.max(1, t.dims.length);
    return this.dice.below(2 * rank) - rank;
  }

  axes(t: Tensor): number[] {
    const order = this.dice.shuffled(t.dims.length);
    return order.slice(0, this.dice.below(order.length + 1));
  }

  /** Weight of a norm and, or not, its bias. */
  affine(channels: Dim): Tensor[] {
    const given = this.dice.below(3);
    return Array.from({ length: given }, () => this.param(channels.size));
  }

  /** The call as a line of the spec; whether its op allows it. */
  call(name: string, { operands, attrs = {}, sizes }: Proposal): boolean {
    const op = ops.get(name)!;
    const types: TensorType[] = operands.map(({ dims }) => ({ dims, dtype: 'f32' }));
    const full: Record<string, Attr> = {};
    for (const [key, spec] of Object.entries(op.attrs)) {
      const value = key === 'shape' && sizes ? sizes.map((d) => d.at(1)) : (attrs[key] ?? spec.default!);
      full[key] =
        spec.repeat && typeof value === 'number' ? new Array<number>(spec.repeat).fill(value) : value;
    }
    let outputs: readonly TensorType[];
    let fits = true;
    try {
      outputs = op.shape(types, full, sizes);
    } catch {
      outputs = [];
      fits = false;
    }
    const tooLarge = outputs.some(({ dims }) => elementCount(dims.map((d) => d.at(1))) > MOST_ELEMENTS);
    // Most of what cannot be is left out; some stays in, for the checker to find.
    if ((!fits && this.dice.below(40) > 0) || tooLarge) return false;
    const given = Object.keys(op.attrs).flatMap((key) => {
      if (key === 'shape' && sizes) return [`shape: [${sizes.map(sizeText).join(', ')}]`];
      return attrs[key] === undefined ? [] : [`${key}: ${valueText(attrs[key])}`];
    });
    const text = `${name}(${[...operands.map((t) => t.name), ...given].join(', ')})`;
    const results = (fits ? outputs : [{ dims: [] }]).map(({ dims }) => ({
      name: `t${this.names++}`,
      dims,
      used: false,
    }));
    const targets = results.map((t) => t.name).join(', ');
    this.lines.push(`${results.length > 1 ? `(${targets})` : targets} = ${text}`);
    if (name === 'split' && results.length === 1) this.lines.push(`${targets} = ${targets}[0]`);
    for (const t of operands) t.used = true;
    this.pool.push(...results);
    this.called.add(name);
    return true;
  }
}

const sizeText = (d: Dim): string => (d.batch ? (d.size === 1 ? 'B' : `${d.size} * B`) : String(d.size));

function valueText(value: Attr): string {
  if (typeof value === 'object') return `[${value.join(', ')}]`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
