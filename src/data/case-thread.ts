import type { Worker } from 'node:worker_threads';
import { JobError } from '../errors.ts';
import type { CaseWork, ToPrepare, ToWrite } from './case-work.ts';
import { type Failure, failureOf } from './failure.ts';
import type { CaseData } from './prepared-case.ts';
import { startThread } from './start-thread.ts';

export type CaseQuestion = ToPrepare | ToWrite;
export type CaseReply = { readonly cases: readonly CaseData[] } | { readonly failure: Failure };

interface Asked {
  resolve(cases: readonly CaseData[]): void;
  reject(error: Error): void;
}

/**
 * Prepares and writes cases in a thread of its own, one after the other in the order in which it was asked, while the
 * caller goes on. Nothing is copied between the threads. It keeps the process alive until it is closed.
 */
export class CaseThread implements CaseWork {
  readonly #worker: Worker;
  readonly #asked: Asked[] = [];
  #failure: JobError | undefined;

  constructor(worker = startThread('case-worker')) {
    this.#worker = worker;
    worker.on('message', (reply: CaseReply) => this.#receive(reply));
    worker.on('error', (error) => this.#fail(error.message));
    worker.on('exit', (code) => this.#fail(`it ended with code ${code}`));
  }

  prepare(work: ToPrepare): Promise<readonly CaseData[]> {
    return this.#ask(work, []);
  }

  async write(work: ToWrite): Promise<void> {
    await this.#ask(work, [work.labels.buffer as ArrayBuffer]);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(question: CaseQuestion, moved: readonly ArrayBuffer[]): Promise<readonly CaseData[]> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.#worker.postMessage(question, moved);
    });
  }

  #receive(reply: CaseReply): void {
    const asked = this.#asked.shift();
    if ('failure' in reply) asked?.reject(failureOf(reply.failure));
    else asked?.resolve(reply.cases);
  }

  /** The thread is gone, and with it what it was asked for. */
  #fail(message: string): void {
    this.#failure ??= new JobError(
      'case-worker',
      `a thread that reads and writes images failed: ${message}`,
      'predict the images that are left; what is written is whole',
    );
    for (const { reject } of this.#asked.splice(0)) reject(this.#failure);
  }
}
