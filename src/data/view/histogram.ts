/** Bins that are kept at most, and those that are shown. */
const MOST = 4096;
const SHOWN = 64;

/** How many values of background and foreground lie in each bin of equal width. */
export interface Histogram {
  /** Where the first bin begins. */
  readonly start: number;
  readonly width: number;
  readonly background: readonly number[];
  readonly foreground: readonly number[];
}

/**
 * Counts values whose range is not known before: bins have a power of two as their width and begin at its multiples, so
 * that two of them become one where there are too many.
 */
export class GrowingHistogram {
  #width = 0;
  #bins = new Map<number, [background: number, foreground: number]>();

  /** @param label class ids of the values: 0 is background, and what is below is left out */
  add(values: Float32Array, label: Int32Array): void {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    if (this.#width === 0) this.#width = widthFor(low, high);
    for (let i = 0; i < values.length; i++)
      if (label[i] >= 0) this.#binOf(values[i])[label[i] === 0 ? 0 : 1]++;
  }

  #binOf(value: number): [number, number] {
    const at = Math.floor(value / this.#width);
    const known = this.#bins.get(at);
    if (known) return known;
    const bin: [number, number] = [0, 0];
    this.#bins.set(at, bin);
    if (this.#bins.size <= MOST) return bin;
    this.#widen();
    return this.#binOf(value);
  }

  /** In few bins; `undefined` where there is no value. */
  result(): Histogram | undefined {
    if (this.#bins.size === 0) return undefined;
    while (this.#span() > SHOWN) this.#widen();
    const first = Math.min(...this.#bins.keys());
    const counts = (which: 0 | 1) =>
      Array.from({ length: this.#span() }, (_, i) => this.#bins.get(first + i)?.[which] ?? 0);
    const width = this.#width;
    return { start: first * width, width, background: counts(0), foreground: counts(1) };
  }

  #span(): number {
    const places = [...this.#bins.keys()];
    return Math.max(...places) - Math.min(...places) + 1;
  }

  #widen(): void {
    this.#width *= 2;
    const wider = new Map<number, [number, number]>();
    for (const [at, [background, foreground]] of this.#bins) {
      const bin = wider.get(Math.floor(at / 2)) ?? [0, 0];
      wider.set(Math.floor(at / 2), [bin[0] + background, bin[1] + foreground]);
    }
    this.#bins = wider;
  }
}

/** A power of two by which a first range falls into about a thousand bins. */
function widthFor(low: number, high: number): number {
  const range = high > low ? high - low : Math.max(Math.abs(low), 1);
  let width = 1;
  while (width * 1024 > range) width /= 2;
  while (width * 2048 < range) width *= 2;
  return width;
}
