/** A named size that shapes are printed in terms of, such as `H` of `input image: [B, C, H, W]`. */
export interface Symbol {
  readonly name: string;
  readonly size: number;
}

/**
 * One axis of a tensor: an exact size, which may still have to be multiplied with the batch size.
 *
 * Shape rules compute with `Dim`s, so one rule serves the checker (batch unknown) and the graph builder
 * (batch known). `origin` remembers which named size an axis came from; it never takes part in comparisons
 * and only makes `H/16` out of `20` in messages.
 */
export class Dim {
  readonly size: number;
  /** True where the axis is `size` times the (free) batch size. */
  readonly batch: boolean;
  readonly origin: Symbol | undefined;

  private constructor(size: number, batch: boolean, origin: Symbol | undefined) {
    this.size = size;
    this.batch = batch;
    this.origin = origin;
  }

  static of(size: number, origin?: Symbol): Dim {
    return new Dim(size, false, origin);
  }

  /** The free batch size `B`. */
  static readonly B = new Dim(1, true, undefined);

  equals(other: Dim | number): boolean {
    const { size, batch } = typeof other === 'number' ? Dim.of(other) : other;
    return this.size === size && this.batch === batch;
  }

  isOne(): boolean {
    return this.size === 1 && !this.batch;
  }

  /** `undefined` where the sum cannot be expressed (a batch plus something else). */
  plus(other: Dim | number): Dim | undefined {
    const o = typeof other === 'number' ? Dim.of(other) : other;
    if (o.batch !== this.batch) return o.size === 0 ? this : this.size === 0 ? o : undefined;
    return new Dim(this.size + o.size, this.batch, this.origin ?? o.origin);
  }

  /** `undefined` for the square of the batch. */
  times(other: Dim | number): Dim | undefined {
    const o = typeof other === 'number' ? Dim.of(other) : other;
    if (o.batch && this.batch) return undefined;
    const origin =
      this.origin && o.origin
        ? { name: `${this.origin.name}*${o.origin.name}`, size: this.origin.size * o.origin.size }
        : (this.origin ?? o.origin);
    return new Dim(this.size * o.size, this.batch || o.batch, origin);
  }

  /** Exact division; `undefined` where there is a remainder. */
  over(divisor: Dim | number): Dim | undefined {
    const d = typeof divisor === 'number' ? Dim.of(divisor) : divisor;
    if (d.size === 0 || this.size % d.size !== 0 || (d.batch && !this.batch)) return undefined;
    return new Dim(this.size / d.size, this.batch && !d.batch, this.origin);
  }

  /** Applies `f` to the size of an axis that is not the batch, keeping its origin (a convolution's output). */
  map(f: (size: number) => number): Dim | undefined {
    return this.batch ? undefined : new Dim(f(this.size), false, this.origin);
  }

  /** The axis once the batch size is known. */
  at(batch: number): number {
    return this.batch ? this.size * batch : this.size;
  }

  toString(): string {
    if (this.batch) return this.size === 1 ? 'B' : `${this.size}*B`;
    const o = this.origin;
    if (!o || o.size === 0 || this.size === 0) return String(this.size);
    if (this.size === o.size) return o.name;
    const name = o.name.includes('*') ? `(${o.name})` : o.name;
    if (o.size % this.size === 0) return `${name}/${o.size / this.size}`;
    if (this.size % o.size === 0) return `${this.size / o.size}*${o.name}`;
    return String(this.size);
  }
}

export type Dims = readonly Dim[];

/** `[B, 96, H/4, W/4]` */
export function formatDims(dims: Dims): string {
  return `[${dims.join(', ')}]`;
}

export function dimsOf(shape: readonly number[]): Dims {
  return shape.map((n) => Dim.of(n));
}

export function sameDims(a: Dims, b: Dims): boolean {
  return a.length === b.length && a.every((d, i) => d.equals(b[i]));
}

/** Product of some axes; `undefined` where it holds the batch twice. */
export function productOf(dims: Dims): Dim | undefined {
  let product: Dim | undefined = Dim.of(1);
  for (const d of dims) product = product?.times(d);
  return product;
}
