import type { CachedCase, PreprocessedDataset } from './preprocessed-dataset.ts';

/** Files that are open at once: a process may have some hundred, and some data sets have thousands of cases. */
const MOST_OPEN = 64;

/** Cases of a cache, read by offset; the files of those used last stay open. */
export class OpenCases {
  readonly dataset: PreprocessedDataset;
  /** By index, the one used last at the end. */
  readonly #open = new Map<number, CachedCase>();

  constructor(dataset: PreprocessedDataset) {
    this.dataset = dataset;
  }

  /** A case, to be used before another is asked for. Throws as PreprocessedDataset.open. */
  case(index: number): CachedCase {
    const found = this.#open.get(index) ?? this.dataset.open(index);
    this.#open.delete(index);
    this.#open.set(index, found);
    if (this.#open.size > MOST_OPEN) {
      const [oldest, file] = this.#open.entries().next().value!;
      this.#open.delete(oldest);
      file.close();
    }
    return found;
  }

  close(): void {
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
  }
}
