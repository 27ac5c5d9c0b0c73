import { EventEmitter } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, it } from 'vitest';
import { InputError, JobError } from '../errors.ts';
import { PrefetchedBatches } from './prefetched-batches.ts';

const of = { seed: 1, batch: 2, samples: 9 };
const open: PrefetchedBatches[] = [];
afterEach(async () => {
  for (const batches of open.splice(0)) await batches.close();
});

/** Batches of a thread that answers steps by `body`, which knows `step`, `port` and `send(…)`. */
function batchesBy(body: string, count = 1): PrefetchedBatches {
  const script = `
    const { parentPort: port } = require('node:worker_threads');
    const send = (step) => port.postMessage({ step, x: Float32Array.of(step), target: Int32Array.of(step + 1) });
    port.on('message', (step) => { ${body} });`;
  const batches = new PrefetchedBatches(of, count, () => new Worker(script, { eval: true }));
  open.push(batches);
  return batches;
}

it.each([1, 2, 3])('gives batches in order, however long %i worker(s) take', async (count) => {
  const batches = batchesBy('setTimeout(() => send(step), step % 2 === 0 ? 8 : 0);', count);
  for (let step = 0; step < 12; step++) {
    const { x, target } = await batches.next();
    expect([x[0], target[0]]).toEqual([step, step + 1]);
  }
  expect(batches.state()).toEqual({ ...of, step: 12 });
});

it('goes on at a step, and nowhere else', async () => {
  const batches = batchesBy('send(step);');
  batches.restore({ ...of, step: 40 });
  expect((await batches.next()).x[0]).toBe(40);
  expect((await batches.next()).x[0]).toBe(41);
  expect(() => batches.restore({ ...of, samples: 8, step: 3 })).toThrow(InputError);
});

it('says at its turn what went wrong with a batch', async () => {
  const batches = batchesBy(`
    const failure = { name: 'InputError', code: 'bad-cache', message: 'case3: damaged', hint: 'again' };
    if (step === 2) port.postMessage({ step, failure }); else send(step);`);
  expect((await batches.next()).x[0]).toBe(0);
  expect((await batches.next()).x[0]).toBe(1);
  const error = await batches.next().catch((found: unknown) => found);
  expect(error).toBeInstanceOf(InputError);
  expect(error).toMatchObject({ code: 'bad-cache', message: 'case3: damaged', hint: 'again' });
});

it.each([
  ['an error', "if (step === 1) throw new Error('no more'); send(step);", /failed: no more/],
  ['an exit', 'if (step === 1) process.exit(7); send(step);', /failed: it ended with code 7/],
])('a thread that ends by %s fails what waits for it', async (_, body, message) => {
  const batches = batchesBy(body);
  const found = async () => {
    for (;;) await batches.next();
  };
  await expect(found()).rejects.toThrow(JobError);
  await expect(batches.next()).rejects.toThrow(message);
});

it('asks for a few steps ahead, starts with the first, holds the process only while it waits', async () => {
  const log: string[] = [];
  const worker = Object.assign(new EventEmitter(), {
    postMessage: (step: number) => log.push(`ask ${step}`),
    ref: () => log.push('ref'),
    unref: () => log.push('unref'),
    terminate: async () => log.push('end'),
  });
  const batches = new PrefetchedBatches(of, 1, () => {
    log.push('start');
    return worker as unknown as Worker;
  });
  expect(log).toEqual([]);
  const next = batches.next();
  expect(log).toEqual(['start', 'ask 0', 'ask 1', 'ask 2', 'ask 3', 'ask 4', 'ref']);
  // In the wrong order: it is the first that is awaited.
  for (const step of [1, 0])
    worker.emit('message', { step, x: Float32Array.of(step), target: new Int32Array() });
  expect((await next).x[0]).toBe(0);
  expect(log.splice(0).at(-1)).toBe('unref');
  expect((await batches.next()).x[0]).toBe(1);
  expect(log).toEqual(['ask 5', 'ref', 'unref']);
  await batches.close();
  // What ends on request is no failure.
  worker.emit('exit', 1);
  expect(log.at(-1)).toBe('end');
});
