import { type Batches, SteppedBatches } from '../batches.ts';
import type { LoaderOptions } from '../loader.ts';
import { PrefetchedBatches } from '../prefetched-batches.ts';
import { startThread } from '../start-thread.ts';
import { CacheLoader } from './cache-loader.ts';
import { PreprocessedDataset } from './preprocessed-dataset.ts';

/** What batches of a cache are made of, as plain data: each thread opens the cache for itself. */
export interface CacheBatches {
  readonly folder: string;
  /** Of the cases to draw from. */
  readonly indices: readonly number[];
  readonly options: LoaderOptions;
}

/**
 * Batches of a cache, see CacheLoader.
 *
 * @param workers that make them ahead; 0: they are made when they are asked for, in the caller's thread
 */
export function cacheBatches(of: CacheBatches, workers: number): Batches {
  const { folder, indices, options } = of;
  if (workers === 0)
    return new SteppedBatches(new CacheLoader(new PreprocessedDataset(folder), indices, options));
  const { seed, batch } = options;
  return new PrefetchedBatches({ seed, batch, samples: indices.length }, workers, () =>
    startThread('cache/batch-worker', of),
  );
}
