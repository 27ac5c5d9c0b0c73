/**
 * Where a training step's time goes: `npm run bench training-step [SPEC] [-- --set k=v]… [--memory 12MiB]`
 * Prints milliseconds a step as the runtime runs it, the time in each kind of kernel, and the slowest dispatches.
 */
import { parseArgs } from 'node:util';
import { acquireDevice } from '../src/adapter/acquire.ts';
import { webgpuBackend } from '../src/backend/webgpu.ts';
import { bytes } from '../src/cli/options.ts';
import { kernelRenderer } from '../src/compiler/renderer.ts';
import { ops } from '../src/ops/index.ts';
import { bytesText } from '../src/program/bytes-text.ts';
import { profile } from '../src/runtime/webgpu/profile.ts';
import { byKernel } from '../src/training/profile.ts';
import { feed, NUCLEI, stepOf } from './shared/step.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    set: { type: 'string', multiple: true, default: [] },
    steps: { type: 'string', default: '10' },
    batch: { type: 'string' },
    top: { type: 'string', default: '25' },
    memory: { type: 'string' },
  },
});
const step = stepOf(positionals[0] ?? NUCLEI, values);
const { model, entries, run } = step;
const memory = values.memory === undefined ? undefined : bytes('--memory')(values.memory);
const backend = webgpuBackend(ops, kernelRenderer(), await acquireDevice(), { memory });
const executable = await backend.prepare(entries, model.name, model.batch);
feed(step, executable);
const { session } = executable;
const { kernels } = session.program;
const count = run.reduce((n, entry) => n + session.entry(entry).dispatches.length, 0);
console.log(
  `${backend.description}\n${count} dispatches, ${kernels.length} kernels, ${bytesText(session.bytes)}`,
);

const cold = performance.now();
session.run(...run);
await backend.device.queue.onSubmittedWorkDone();
console.log(`first step (compiles kernels): ${(performance.now() - cold).toFixed(0)} ms`);
const steps = Number(values.steps);
const times: number[] = [];
for (let i = 0; i < steps; i++) {
  const started = performance.now();
  session.run(...run);
  await backend.device.queue.onSubmittedWorkDone();
  times.push(performance.now() - started);
}
times.sort((a, b) => a - b);
console.log(`step: median ${times[steps >> 1].toFixed(0)} ms, least ${times[0].toFixed(0)} ms`);

const dispatches = await profile(session, ...run);
console.log('\nms      n  kernel');
for (const { kernel, milliseconds, dispatches: n } of byKernel(dispatches)) {
  console.log(`${milliseconds.toFixed(1).padStart(6)} ${String(n).padStart(4)}  ${kernel}`);
}
console.log('\nslowest dispatches');
for (const d of [...dispatches].sort((a, b) => b.nanoseconds - a.nanoseconds).slice(0, Number(values.top))) {
  console.log(`${(d.nanoseconds / 1e6).toFixed(2).padStart(7)} ms  ${d.kernel}  ${d.label}`);
}
executable.destroy();
backend.destroy();
