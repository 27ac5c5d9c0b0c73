/**
 * Where the time of a training step as WebAssembly goes, on one thread: `npm run bench wasm-step [SPEC] [-- --set k=v]…`
 * Each dispatch is timed alone, in processor time, which others on the machine disturb less; best of `--rounds` steps
 * (`--forward`: of forward passes). Prints the time by template and
 * the slowest dispatches, with the bytes a second of all that they bind, each counted once.
 */

import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { initialise } from '../src/compiler/initialise.ts';
import { kernelRenderer } from '../src/compiler/renderer.ts';
import { cpuTarget } from '../src/kernels/targets.ts';
import { ops } from '../src/ops/index.ts';
import { planProgram } from '../src/plan/plan.ts';
import type { Dispatch } from '../src/program/program.ts';
import { WasmProgram } from '../src/wasm/execute.ts';
import { NUCLEI, stepOf } from './shared/step.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    set: { type: 'string', multiple: true, default: [] },
    batch: { type: 'string' },
    forward: { type: 'boolean', default: false },
    relaxed: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '4' },
    top: { type: 'string', default: '25' },
  },
});
// What the engine's first compiler makes is no measure; Node 22 has relaxed SIMD without a flag.
setFlagsFromString('--no-liftoff');
if (values.relaxed) setFlagsFromString('--experimental-wasm-relaxed-simd');

const { model, entries, run, hyper } = stepOf(positionals[0] ?? NUCLEI, values);

const started = performance.now();
const program = planProgram(entries, ops, kernelRenderer(), {
  model: model.name,
  batch: model.batch,
  target: cpuTarget,
});
const planned = performance.now();
const wasm = new WasmProgram(program, { bounds: 'trusted', relaxed: values.relaxed });
const made = performance.now();

const weights = new Map(model.parameters.map((p) => [p.name, p]));
for (const tensor of program.tensors) {
  const view = wasm.view(tensor);
  const parameter = weights.get(tensor.name);
  if (tensor.kind === 'param' && parameter) view.set(initialise(parameter, 0));
  if (tensor.kind !== 'input') continue;
  if (tensor.name === 'hyper') view.set(hyper!);
  // Class ids are whole numbers, and stay 0.
  else if (tensor.dtype === 'f32') view.set(Float32Array.from(view, (_, i) => Math.sin(i)));
}

interface Timed {
  readonly dispatch: Dispatch;
  readonly kernel: string;
  readonly bytes: number;
  ms: number;
}

const dispatches = run.flatMap((name) =>
  program.entries[name].dispatches.map(
    (dispatch): Timed => ({
      dispatch,
      kernel: program.kernels[dispatch.kernel].name.replace(/^\d+-/, ''),
      bytes: dispatch.bindings.reduce((n, [, , size]) => n + size, 0),
      ms: Number.POSITIVE_INFINITY,
    }),
  ),
);
/** Milliseconds of this process up to now. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

let step = Number.POSITIVE_INFINITY;
for (let round = 0; round < Number(values.rounds); round++) {
  const before = processorTime();
  for (const d of dispatches) {
    const args = wasm.argumentsOf(d.dispatch);
    const start = processorTime();
    wasm.functions[d.dispatch.kernel](...args);
    d.ms = Math.min(d.ms, processorTime() - start);
  }
  step = Math.min(step, processorTime() - before);
}

const total = dispatches.reduce((ms, d) => ms + d.ms, 0);
console.log(
  `${model.name}, batch ${model.batch}, one thread, ${values.relaxed ? 'relaxed multiply-add' : 'multiply and add'}, Node ${process.versions.node}\n` +
    `${dispatches.length} dispatches, ${program.kernels.length} kernels; planned in ${(planned - started).toFixed(0)} ms, made in ${(made - planned).toFixed(0)} ms\n` +
    `best step ${step.toFixed(1)} ms, sum of the best of each dispatch ${total.toFixed(1)} ms`,
);

const byKernel = new Map<string, { ms: number; n: number; bytes: number }>();
for (const { kernel, ms, bytes } of dispatches) {
  const e = byKernel.get(kernel) ?? { ms: 0, n: 0, bytes: 0 };
  byKernel.set(kernel, { ms: e.ms + ms, n: e.n + 1, bytes: e.bytes + bytes });
}
const rate = (bytes: number, ms: number) => `${(bytes / ms / 1e6).toFixed(1).padStart(6)} GB/s`;
console.log('\n      ms      %    n');
for (const [kernel, { ms, n, bytes }] of [...byKernel].sort((a, b) => b[1].ms - a[1].ms)) {
  const share = ((100 * ms) / total).toFixed(1);
  console.log(
    `${ms.toFixed(2).padStart(8)} ${share.padStart(6)} ${String(n).padStart(4)} ${rate(bytes, ms)}  ${kernel}`,
  );
}
console.log('\nslowest dispatches');
for (const d of [...dispatches].sort((a, b) => b.ms - a.ms).slice(0, Number(values.top))) {
  console.log(`${d.ms.toFixed(2).padStart(8)} ms ${rate(d.bytes, d.ms)}  ${d.kernel}  ${d.dispatch.label}`);
}
