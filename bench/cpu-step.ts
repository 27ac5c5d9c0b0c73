/**
 * A first training step or forward pass on the CPU device, and the next ones:
 * `npm run bench cpu-step [SPEC] [-- --set k=v]… [--batch N] [--forward] [--threads 1,2] [--deterministic] [--steps N]`
 * Prints milliseconds of planning, translating, of making the session (the engine's compiler, threads), of the first run,
 * and of the next ones: least and median.
 */
import { parseArgs } from 'node:util';
import { kernelRenderer } from '../src/compiler/renderer.ts';
import { cpuTarget } from '../src/kernels/targets.ts';
import { ops } from '../src/ops/index.ts';
import { planProgram } from '../src/plan/plan.ts';
import { bytesText } from '../src/program/bytes-text.ts';
import { hasRelaxedSimd } from '../src/runtime/wasm/compile-module.ts';
import { WasmSession } from '../src/runtime/wasm/wasm-session.ts';
import { compileProgram } from '../src/wasm/compile-program.ts';
import { feed, NUCLEI, stepOf } from './shared/step.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    set: { type: 'string', multiple: true, default: [] },
    batch: { type: 'string' },
    forward: { type: 'boolean', default: false },
    threads: { type: 'string', default: '1,2' },
    deterministic: { type: 'boolean', default: false },
    steps: { type: 'string', default: '10' },
  },
});
const step = stepOf(positionals[0] ?? NUCLEI, values);
const { model, entries, run } = step;

async function timed<T>(work: () => T | Promise<T>): Promise<{ value: T; ms: number }> {
  const started = performance.now();
  const value = await work();
  return { value, ms: performance.now() - started };
}

const last = run.at(-1)!;

const plan = await timed(() =>
  planProgram(entries, ops, kernelRenderer(), { model: model.name, batch: model.batch, target: cpuTarget }),
);
const program = plan.value;
const relaxed = !values.deterministic && hasRelaxedSimd();
const translate = await timed(() => compileProgram(program, { bounds: 'trusted', relaxed }));
const dispatches = run.reduce((n, entry) => n + program.entries[entry].dispatches.length, 0);
console.log(
  `${model.name}, batch ${model.batch}: ${dispatches} dispatches, ${program.kernels.length} kernels, ` +
    `${bytesText(program.bytes)}, module ${(translate.value.bytes.length / 1024).toFixed(0)} KiB, ` +
    `${relaxed ? 'relaxed multiply-add' : 'multiply and add'}, Node ${process.versions.node}`,
);
console.log(`plan ${plan.ms.toFixed(0)} ms, translate ${translate.ms.toFixed(0)} ms`);
console.log('threads    session  first run   next: least   median');
for (const threads of values.threads.split(',').map(Number)) {
  const made = await timed(() => WasmSession.create(program, translate.value, { threads }));
  const session = made.value;
  feed(step, session);
  const output = program.entries[last].outputs[0].name;
  const once = async () => {
    const submitted = session.submit('a run', run, {}, [{ entry: last, name: output }]);
    await submitted.results();
    submitted.release();
  };
  const first = (await timed(once)).ms;
  const times: number[] = [];
  for (let k = 0; k < Number(values.steps); k++) times.push((await timed(once)).ms);
  times.sort((a, b) => a - b);
  const cells = [made.ms, first, times[0], times[times.length >> 1]].map((ms) => ms.toFixed(0).padStart(10));
  console.log(`${String(threads).padStart(7)} ${cells.join(' ')}`);
  session.destroy();
}
