/**
 * Where a training step's time goes: `npm run bench training-step [SPEC] [-- --set k=v]… [--memory 12MiB]`
 * Prints milliseconds a step as the runtime runs it, the time in each kind of kernel, and the slowest dispatches.
 */
import { parseArgs } from 'node:util';
import { acquireDevice } from '../src/adapter/acquire.ts';
import { TRAINING_STEP, trainingEntries } from '../src/autodiff/entries.ts';
import { webgpuBackend } from '../src/backend/webgpu.ts';
import { bytes } from '../src/cli/options.ts';
import { initialise } from '../src/compiler/initialise.ts';
import { trainSection } from '../src/compiler/model.ts';
import { kernelRenderer } from '../src/compiler/renderer.ts';
import { openModel } from '../src/files/open.ts';
import { ops } from '../src/ops/index.ts';
import { hyperParameters } from '../src/recipe/optimizers.ts';
import { profile } from '../src/runtime/webgpu/profile.ts';

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
const spec = positionals[0] ?? 'examples/nuclei/nuclei.arch';
const set = Object.fromEntries(values.set.map((t) => t.split('=', 2) as [string, string]));
const section = trainSection(openModel(spec, { set, training: true }));
const model = openModel(spec, { set, batch: Number(values.batch ?? section.batch), training: true });
const { entries } = trainingEntries(model, section, section.optimizer, ops);
const memory = values.memory === undefined ? undefined : bytes('--memory')(values.memory);
const backend = webgpuBackend(ops, kernelRenderer(), await acquireDevice(), { memory });
const executable = await backend.prepare(entries, model.name, model.batch);
for (const p of model.parameters) {
  if (executable.has('param', p.name)) executable.write('param', p.name, initialise(p, 0));
}
const [input] = model.inputs;
executable.write(
  'input',
  input.name,
  Float32Array.from({ length: input.shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)),
);
executable.write('input', 'hyper', hyperParameters(section.optimizer, 1e-4, 1));
const { session } = executable;
const { kernels } = session.program;
const count = TRAINING_STEP.reduce((n, entry) => n + session.entry(entry).dispatches.length, 0);
console.log(
  `${backend.description}\n${count} dispatches, ${kernels.length} kernels, ${(session.bytes / 2 ** 20).toFixed(0)} MiB`,
);

const cold = performance.now();
session.run(...TRAINING_STEP);
await backend.device.queue.onSubmittedWorkDone();
console.log(`first step (compiles kernels): ${(performance.now() - cold).toFixed(0)} ms`);
const steps = Number(values.steps);
const times: number[] = [];
for (let i = 0; i < steps; i++) {
  const started = performance.now();
  session.run(...TRAINING_STEP);
  await backend.device.queue.onSubmittedWorkDone();
  times.push(performance.now() - started);
}
times.sort((a, b) => a - b);
console.log(`step: median ${times[steps >> 1].toFixed(0)} ms, least ${times[0].toFixed(0)} ms`);

const dispatches = await profile(session, ...TRAINING_STEP);
const byKernel = new Map<string, { ms: number; n: number }>();
for (const d of dispatches) {
  const kind = d.kernel.replace(/^\d+-/, '');
  const e = byKernel.get(kind) ?? { ms: 0, n: 0 };
  byKernel.set(kind, { ms: e.ms + d.nanoseconds / 1e6, n: e.n + 1 });
}
console.log('\nms      n  kernel');
for (const [kind, { ms, n }] of [...byKernel].sort((a, b) => b[1].ms - a[1].ms)) {
  console.log(`${ms.toFixed(1).padStart(6)} ${String(n).padStart(4)}  ${kind}`);
}
console.log('\nslowest dispatches');
for (const d of [...dispatches].sort((a, b) => b.nanoseconds - a.nanoseconds).slice(0, Number(values.top))) {
  console.log(`${(d.nanoseconds / 1e6).toFixed(2).padStart(7)} ms  ${d.kernel}  ${d.label}`);
}
executable.destroy();
backend.destroy();
