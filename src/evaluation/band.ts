import { eachSharedRun, volumeOf } from '../data/boxes.ts';
import { gaussianImportance } from './windows.ts';

/** Takes the averaged logits of the elements from `first` on, row-major: [K, length], only valid during the call. */
export type TakeLogits = (first: number, logits: Float32Array) => void;

/**
 * Means of the logits of windows that overlap, with Gaussian weights. Windows come in the order of their first axis; rows
 * (what lies at one index of that axis) that no later window reaches are handed out, and their memory is used again.
 */
export class Band {
  /** Logits of a window. */
  readonly each: number;
  readonly #size: readonly number[];
  readonly #window: readonly number[];
  readonly #classes: number;
  readonly #take: TakeLogits;
  readonly #importance: Float32Array;
  /** Elements of a row. */
  readonly #row: number;
  /** Rows that are kept; row i lies at i modulo this. */
  readonly #rows: number;
  /** [rows, K, row] and [rows, row]. */
  readonly #sums: Float32Array;
  readonly #weights: Float32Array;
  /** Rows handed out. */
  #done = 0;

  constructor(size: readonly number[], window: readonly number[], classes: number, take: TakeLogits) {
    this.#size = size;
    this.#window = window;
    this.#classes = classes;
    this.#take = take;
    this.#importance = gaussianImportance(window);
    this.#row = volumeOf(size.slice(1));
    this.#rows = Math.min(size[0], window[0]);
    this.#sums = new Float32Array(this.#rows * classes * this.#row);
    this.#weights = new Float32Array(this.#rows * this.#row);
    this.each = classes * volumeOf(window);
  }

  /** Adds the logits [K, ...window] of a window that begins at `place`, not before the one that was added last. */
  add(place: readonly number[], logits: Float32Array): void {
    this.#handOut(Math.max(0, place[0]));
    const windowCount = this.each / this.#classes;
    eachSharedRun(this.#size, this.#window, place, (inWindow, inImage, length) => {
      // A run lies in one row, but for windows of one axis, whose rows are elements.
      for (let i = 0; i < length; ) {
        const row = Math.floor((inImage + i) / this.#row);
        const column = (inImage + i) % this.#row;
        const count = Math.min(length - i, this.#row - column);
        this.#addRun(row, column, logits, inWindow + i, count, windowCount);
        i += count;
      }
    });
  }

  #addRun(row: number, column: number, logits: Float32Array, from: number, count: number, stride: number) {
    const slot = row % this.#rows;
    const importance = this.#importance;
    const weights = this.#weights;
    const sums = this.#sums;
    const at = slot * this.#row + column;
    for (let i = 0; i < count; i++) weights[at + i] += importance[from + i];
    for (let k = 0; k < this.#classes; k++) {
      const to = (slot * this.#classes + k) * this.#row + column;
      const source = k * stride + from;
      for (let i = 0; i < count; i++) sums[to + i] += importance[from + i] * logits[source + i];
    }
  }

  /** Hands out the last rows. */
  end(): void {
    this.#handOut(this.#size[0]);
  }

  #handOut(end: number): void {
    for (; this.#done < end; this.#done++) {
      const slot = this.#done % this.#rows;
      const weights = this.#weights.subarray(slot * this.#row, (slot + 1) * this.#row);
      const sums = this.#sums.subarray(
        slot * this.#classes * this.#row,
        (slot + 1) * this.#classes * this.#row,
      );
      for (let k = 0; k < this.#classes; k++)
        for (let i = 0; i < this.#row; i++) sums[k * this.#row + i] /= weights[i];
      this.#take(this.#done * this.#row, sums);
      sums.fill(0);
      weights.fill(0);
    }
  }
}
