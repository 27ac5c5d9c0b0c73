/**
 * Whether training waits for its batches: `npm run bench loader CACHE SPEC [-- --set k=v]… [--workers 0,1,2] [--steps 40] [--rounds 5]`
 * Trains on the CPU device on a folder of `archc data preprocess`, by turns with the batches of the section and with one
 * that stays the same, and prints the steps a second of both.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cpuBackend } from '../src/backend/cpu.ts';
import { trainSection } from '../src/compiler/model.ts';
import { kernelRenderer } from '../src/compiler/renderer.ts';
import type { Batch, Batches } from '../src/data/batches.ts';
import { openModel } from '../src/files/open.ts';
import { ops } from '../src/ops/index.ts';
import { cacheTask } from '../src/training/cache-task.ts';
import { runIdentity } from '../src/training/identity.ts';
import { train } from '../src/training/train.ts';

/** Steps at the beginning of each turn that are not counted: the last turn's are still in flight. */
const LEFT_OUT = 8;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    set: { type: 'string', multiple: true, default: [] },
    workers: { type: 'string', default: '0,1,2' },
    steps: { type: 'string', default: '40' },
    rounds: { type: 'string', default: '5' },
  },
});
const [cache, spec] = positionals;
const set = Object.fromEntries(values.set.map((t) => t.split(/=(.*)/s, 2) as [string, string]));
const section = trainSection(openModel(spec, { set, training: true }));
const model = openModel(spec, { set, batch: section.batch, training: true });
const turn = Number(values.steps) + LEFT_OUT;
const steps = 2 * turn * Number(values.rounds);
const folder = mkdtempSync(join(tmpdir(), 'bench-loader-'));
const shown = section.augment.map(({ kind }) => kind).join(' + ');
console.log(
  `${model.name}, batch ${section.batch} of ${model.inputs[0].shape.slice(1).join('×')}, augment ${shown || 'nothing'}`,
);

/** Whether step t (from 1) is fed the batches of the section. */
const isFed = (t: number) => Math.floor((t - 1) / turn) % 2 === 1;

/** By turns one batch that stays the same, and those of `others`. */
function byTurns(others: Batches, constant: Batch): Batches {
  let t = 0;
  return {
    next: async () => (isFed(++t) ? others.next() : constant),
    state: () => others.state(),
    restore: () => {},
    close: () => others.close(),
  };
}

console.log('workers   one batch      loader   share   (steps a second)');
for (const workers of values.workers.split(',').map(Number)) {
  const task = cacheTask({ model, section, data: cache, workers });
  const { batches, identity: data } = task.prepare(0);
  const constant = await batches.next();
  const seconds = { fed: 0, constant: 0 };
  let last = performance.now();
  await train({
    ...{ model, section, ops, steps, seed: 0, metadata: {}, choices: { pretrained: false } },
    inputs: task.inputs,
    identity: runIdentity({ model, section, seed: 0, steps, data, pretrained: null }),
    backend: cpuBackend(ops, kernelRenderer()),
    batches: byTurns(batches, constant),
    checkpointPath: join(folder, 'checkpoint.safetensors'),
    checkpointEvery: steps + 1,
    onStep: (t) => {
      const now = performance.now();
      if ((t - 1) % turn >= LEFT_OUT) seconds[isFed(t) ? 'fed' : 'constant'] += (now - last) / 1000;
      last = now;
    },
  });
  await batches.close();
  const counted = (turn - LEFT_OUT) * Number(values.rounds);
  const rates = [counted / seconds.constant, counted / seconds.fed];
  const cells = rates.map((rate) => rate.toFixed(2).padStart(12)).join('');
  console.log(
    `${String(workers).padStart(7)}${cells}   ${((100 * rates[1]) / rates[0]).toFixed(1).padStart(4)} %`,
  );
}
rmSync(folder, { recursive: true });
