/** Sizes or lengths along D, H, W. */
export type Triple = readonly [number, number, number];

/**
 * The exact squared Euclidean distance of each point of a grid to the nearest marked one, one axis after the other
 * (P. F. Felzenszwalb, D. P. Huttenlocher, "Distance transforms of sampled functions", Theory of Computing 2012): along
 * a line it is the lower envelope of parabolas, one at each point that has a distance already. Linear in the points.
 *
 * @param shape points along D, H, W
 * @param spacing distance of neighbours along D, H, W
 * @param marked indices of the marked points, in a row-major [D, H, W]
 * @returns [D, H, W]; Infinity everywhere where none is marked
 */
export function squaredDistances(shape: Triple, spacing: Triple, marked: ArrayLike<number>): Float64Array {
  const [, height, width] = shape;
  const distances = new Float64Array(shape[0] * height * width).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < marked.length; i++) distances[marked[i]] = 0;
  const strides = [height * width, width, 1];
  for (const axis of [2, 1, 0]) {
    if (shape[axis] === 1) continue;
    const envelope = new Envelope(shape[axis], spacing[axis]);
    const [first, second] = [0, 1, 2].filter((other) => other !== axis);
    for (let a = 0; a < shape[first]; a++) {
      for (let b = 0; b < shape[second]; b++) {
        envelope.transform(distances, a * strides[first] + b * strides[second], strides[axis]);
      }
    }
  }
  return distances;
}

/** Transforms lines of one length; its arrays serve them all. */
class Envelope {
  readonly #length: number;
  readonly #step: number;
  readonly #line: Float64Array;
  /** Points whose parabolas are part of the envelope, and from where each is the lowest. */
  readonly #apex: Int32Array;
  readonly #from: Float64Array;

  constructor(length: number, step: number) {
    this.#length = length;
    this.#step = step;
    this.#line = new Float64Array(length);
    this.#apex = new Int32Array(length);
    this.#from = new Float64Array(length);
  }

  transform(data: Float64Array, start: number, stride: number): void {
    const [n, step, line, apex, from] = [this.#length, this.#step, this.#line, this.#apex, this.#from];
    for (let i = 0, at = start; i < n; i++, at += stride) line[i] = data[at];
    let count = 0;
    for (let q = 0; q < n; q++) {
      if (line[q] === Number.POSITIVE_INFINITY) continue;
      let begin = Number.NEGATIVE_INFINITY;
      while (count > 0) {
        const p = apex[count - 1];
        // Where the parabolas at p and q meet, as a distance from the line's first point.
        begin = ((q + p) * step + (line[q] - line[p]) / ((q - p) * step)) / 2;
        if (begin > from[count - 1]) break;
        count--;
        begin = Number.NEGATIVE_INFINITY;
      }
      apex[count] = q;
      from[count++] = begin;
    }
    if (count === 0) return;
    for (let i = 0, k = 0, at = start; i < n; i++, at += stride) {
      while (k + 1 < count && from[k + 1] < i * step) k++;
      const away = (i - apex[k]) * step;
      data[at] = away * away + line[apex[k]];
    }
  }
}
