import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Batches, SteppedBatches } from '../batches.ts';
import type { LoaderOptions } from '../loader.ts';
import { PrefetchedBatches } from '../prefetched-batches.ts';
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
  return new PrefetchedBatches({ seed, batch, samples: indices.length }, workers, () => startWorker(of));
}

/** In a build the worker's code is a file beside this one's (bin/build.mjs); of sources it is bundled here. */
function startWorker(workerData: CacheBatches): Worker {
  const options = { workerData, name: 'archc batches', execArgv: [] };
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./batch-worker.js', import.meta.url), options);
  bundled ??= bundle(fileURLToPath(new URL('./batch-worker.ts', import.meta.url)));
  return new Worker(bundled, { ...options, eval: true });
}

let bundled: string | undefined;

/** Node reads no TypeScript in workers, by loaders that are there in each of its versions. */
function bundle(path: string): string {
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  const shared = { bundle: true, write: false, platform: 'node', format: 'cjs' } as const;
  return buildSync({ ...shared, entryPoints: [path] }).outputFiles[0].text;
}
