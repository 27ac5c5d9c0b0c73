import type { Worker } from 'node:worker_threads';
import { JobError } from '../errors.ts';
import { type Batch, type Batches, type BatchSource, type LoaderState, stepToResume } from './batches.ts';
import { type Failure, failureOf } from './failure.ts';

/** Batches that are made or being made beside the one in use. */
const AHEAD = 4;

/** What a worker answers when it is asked for the batch of a step. */
export type BatchReply =
  | ({ readonly step: number } & Batch)
  | { readonly step: number; readonly failure: Failure };

/** A batch that a worker has been asked for. */
interface Asked {
  readonly step: number;
  readonly batch: Promise<Batch>;
  resolve(batch: Batch): void;
  reject(error: Error): void;
}

/**
 * Batches made ahead by workers, each of which makes those of every n-th step. They are given in order, and each depends
 * on its step alone: so nothing depends on how fast workers are, or how many. What goes wrong with a batch is thrown when
 * it is its turn. Workers start with the first batch, wait where enough are made, and keep no process alive.
 */
export class PrefetchedBatches implements Batches {
  readonly #of: Pick<BatchSource, 'seed' | 'batch' | 'samples'>;
  readonly #count: number;
  readonly #startWorker: () => Worker;
  #workers: Worker[] = [];
  #asked: Asked[] = [];
  #step = 0;
  #closed = false;
  #failure: JobError | undefined;

  /**
   * @param of what the workers' sources say of themselves
   * @param count of workers, at least 1
   * @param startWorker starts one that runs `serveBatches`
   */
  constructor(of: Pick<BatchSource, 'seed' | 'batch' | 'samples'>, count: number, startWorker: () => Worker) {
    this.#of = of;
    this.#count = count;
    this.#startWorker = startWorker;
  }

  async next(): Promise<Batch> {
    this.#start();
    const step = this.#step++;
    while (this.#asked.length <= AHEAD) this.#ask(step + this.#asked.length);
    for (const worker of this.#workers) worker.ref();
    try {
      return await this.#asked[0].batch;
    } finally {
      this.#asked.shift();
      for (const worker of this.#workers) worker.unref();
    }
  }

  state(): LoaderState {
    const { seed, batch, samples } = this.#of;
    return { seed, batch, samples, step: this.#step };
  }

  restore(state: LoaderState): void {
    this.#step = stepToResume(state, this.state());
    this.#asked = [];
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(): void {
    while (this.#workers.length < this.#count) {
      const worker = this.#startWorker();
      worker.on('message', (reply: BatchReply) => this.#receive(reply));
      worker.on('error', (error) => this.#fail(error.message));
      worker.on('exit', (code) => this.#fail(`it ended with code ${code}`));
      this.#workers.push(worker);
    }
  }

  #ask(step: number): void {
    let [resolve, reject]: [Asked['resolve'], Asked['reject']] = [() => {}, () => {}];
    const batch = new Promise<Batch>((done, failed) => {
      [resolve, reject] = [done, failed];
    });
    // It may never be awaited: training may end before.
    batch.catch(() => {});
    this.#asked.push({ step, batch, resolve, reject });
    if (this.#failure) reject(this.#failure);
    else this.#workers[step % this.#count].postMessage(step);
  }

  #receive(reply: BatchReply): void {
    const asked = this.#asked.find(({ step }) => step === reply.step);
    if ('failure' in reply) asked?.reject(failureOf(reply.failure));
    else {
      const { step: _, ...batch } = reply;
      asked?.resolve(batch);
    }
  }

  /** A worker is gone, and with it what it was asked for. */
  #fail(message: string): void {
    if (this.#closed || this.#failure) return;
    this.#failure = new JobError(
      'batch-worker',
      `a thread that makes batches failed: ${message}`,
      'the same with --resume, or with --workers 0',
    );
    for (const { reject } of this.#asked) reject(this.#failure);
  }
}
