import { parentPort, workerData } from 'node:worker_threads';
import { asFailure } from '../failure.ts';
import type { BatchReply } from '../prefetched-batches.ts';
import type { CacheBatches } from './cache-batches.ts';
import { CacheLoader } from './cache-loader.ts';
import { PreprocessedDataset } from './preprocessed-dataset.ts';

// What a worker of `cacheBatches` runs: it is told steps, and answers with their batches.
const { folder, indices, options } = workerData as CacheBatches;
let loader: CacheLoader | undefined;

parentPort!.on('message', (step: number) => {
  try {
    loader ??= new CacheLoader(new PreprocessedDataset(folder), indices, options);
    const { x, target, others } = loader.at(step);
    const reply: BatchReply = { step, x, target, ...(others && { others }) };
    const all = [x, target, ...Object.values(others ?? {})];
    parentPort!.postMessage(
      reply,
      all.map(({ buffer }) => buffer as ArrayBuffer),
    );
  } catch (error) {
    const reply: BatchReply = { step, failure: asFailure(error) };
    parentPort!.postMessage(reply);
  }
});
