/**
 * A first training step or forward pass with the driver's cache empty, so that every kernel is compiled.
 * `npm run bench first-step [SPEC] [-- --set k=v]… [--batch N] [--forward] [--rounds N] [--kernels]`
 * Prints processor and wall time of planning, of making pipelines, and of the first two runs; each round is a process
 * with a cache of its own. `--kernels` makes pipelines and runs one dispatch of each kernel one after the other, and
 * prints what each costs. Drivers may compile late: lavapipe makes machine code when a kernel is first dispatched.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { acquireDevice } from '../src/adapter/acquire.ts';
import { TRAINING_STEP, trainingEntries } from '../src/autodiff/entries.ts';
import { deviceTarget } from '../src/backend/device-target.ts';
import { initialise } from '../src/compiler/initialise.ts';
import { trainSection } from '../src/compiler/model.ts';
import { kernelRenderer } from '../src/compiler/renderer.ts';
import { openModel } from '../src/files/open.ts';
import { ops } from '../src/ops/index.ts';
import { planProgram } from '../src/plan/plan.ts';
import type { Program } from '../src/program/program.ts';
import { hyperParameters } from '../src/recipe/optimizers.ts';
import type { Session } from '../src/runtime/session.ts';
import { nextTask } from '../src/runtime/webgpu/device-faults.ts';
import { WebgpuSession } from '../src/runtime/webgpu/session.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    set: { type: 'string', multiple: true, default: [] },
    batch: { type: 'string' },
    forward: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    kernels: { type: 'boolean', default: false },
    child: { type: 'boolean', default: false },
  },
});
const spec = positionals[0] ?? 'examples/nuclei/nuclei.arch';
const set = Object.fromEntries(values.set.map((t) => t.split('=', 2) as [string, string]));

/** Milliseconds between looks. */
const LOOK = 2;

/** Milliseconds of all threads of this process, and of the clock on the wall. */
interface Time {
  readonly processor: number;
  readonly wall: number;
}

async function timed<T>(work: () => T | Promise<T>): Promise<{ value: T; time: Time }> {
  const before = process.cpuUsage();
  const started = performance.now();
  const value = await sleepingUntil(work());
  const { user, system } = process.cpuUsage(before);
  return { value, time: { processor: (user + system) / 1000, wall: performance.now() - started } };
}

/** Waits as `await` does, but sleeps between looks: while Dawn has something to tell, Node's loop keeps a core busy. */
async function sleepingUntil<T>(work: T | Promise<T>): Promise<T> {
  const word = new Int32Array(new SharedArrayBuffer(4));
  let done = false;
  const result = Promise.resolve(work).finally(() => {
    done = true;
  });
  while (!done) {
    await nextTask();
    if (!done) Atomics.wait(word, 0, 0, LOOK);
  }
  return result;
}

const shown = ({ processor, wall }: Time) =>
  `${(processor / 1000).toFixed(2).padStart(7)} ${(wall / 1000).toFixed(2).padStart(6)}`;

if (values.child) await measure();
else {
  const rounds = values.kernels ? 1 : Number(values.rounds);
  const columns = ['plan', 'pipelines', 'first run', 'second run', 'pipelines + first'];
  if (!values.kernels)
    console.log(`seconds of processor and wall\n${columns.map((c) => c.padEnd(17)).join('')}`);
  for (let round = 0; round < rounds; round++) {
    const cache = mkdtempSync(join(tmpdir(), 'archc-first-step-'));
    try {
      const args = ['--import', 'tsx', fileURLToPath(import.meta.url), ...process.argv.slice(2), '--child'];
      const env = { ...process.env, MESA_SHADER_CACHE_DIR: cache };
      const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env });
      if (status !== 0) process.exit(1);
    } finally {
      rmSync(cache, { recursive: true, force: true });
    }
  }
}

async function measure(): Promise<void> {
  const open = await acquireDevice();
  const { model, entries, write } = graphs();
  const plan = await timed(() =>
    planProgram(entries, ops, kernelRenderer(), {
      model: model.name,
      batch: model.batch,
      target: deviceTarget(open),
    }),
  );
  const program = plan.value;
  const run = values.forward ? ['forward'] : TRAINING_STEP;
  if (values.kernels) await measureKernels(open.device, program, run, write);
  else {
    const made = await timed(() => WebgpuSession.create(open.device, program));
    const session = made.value;
    write(session);
    await open.device.queue.onSubmittedWorkDone();
    const once = async () => {
      session.run(...run);
      await open.device.queue.onSubmittedWorkDone();
    };
    const first = (await timed(once)).time;
    const second = (await timed(once)).time;
    const both = { processor: made.time.processor + first.processor, wall: made.time.wall + first.wall };
    console.log([plan.time, made.time, first, second, both].map((t) => shown(t).padEnd(17)).join(''));
    session.destroy();
  }
  open.destroy();
}

/** What is planned, and what gives a session weights and an input. */
function graphs() {
  const section = values.forward ? undefined : trainSection(openModel(spec, { set, training: true }));
  const batch = Number(values.batch ?? section?.batch ?? 1);
  const model = openModel(spec, { set, batch, training: !values.forward });
  const entries = section
    ? trainingEntries(model, section, section.optimizer, ops).entries
    : { forward: model.graph };
  const write = (session: Session) => {
    for (const p of model.parameters)
      if (session.has('param', p.name)) session.write('param', p.name, initialise(p, 0));
    const [input] = model.inputs;
    const size = input.shape.reduce((a, b) => a * b, 1);
    session.write(
      'input',
      input.name,
      Float32Array.from({ length: size }, (_, i) => Math.sin(i)),
    );
    if (section) session.write('input', 'hyper', hyperParameters(section.optimizer, 1e-4, 1));
  };
  return { model, entries, write };
}

/** What each kernel costs: its pipeline, and its first dispatch less the second one. */
async function measureKernels(
  device: GPUDevice,
  program: Program,
  run: readonly string[],
  write: (session: Session) => void,
): Promise<void> {
  const pipelines: Time[] = [];
  for (const { wgsl: code } of program.kernels) {
    const { time } = await timed(() =>
      device.createComputePipelineAsync({
        layout: 'auto',
        compute: { module: device.createShaderModule({ code }), entryPoint: 'main' },
      }),
    );
    pipelines.push(time);
  }
  const session = await WebgpuSession.create(device, program);
  write(session);
  const querySet = device.createQuerySet({ type: 'timestamp', count: 2 });
  const rows: { kernel: number; label: string; dispatches: number; pipeline: number; code: number }[] = [];
  const timestampWrites = { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
  for (const entry of run) {
    for (const [index, { kernel, label }] of session.entry(entry).dispatches.entries()) {
      const known = rows.find((r) => r.kernel === kernel);
      if (known) known.dispatches++;
      const once = async () => {
        session.record(label, (encoder) => session.encodeDispatch(encoder, entry, index, timestampWrites));
        await device.queue.onSubmittedWorkDone();
      };
      const first = (await timed(once)).time.processor;
      if (known) continue;
      const again = (await timed(once)).time.processor;
      rows.push({
        kernel,
        label,
        dispatches: 1,
        pipeline: pipelines[kernel].processor,
        code: Math.max(first - again, 0),
      });
    }
  }
  rows.sort((a, b) => b.pipeline + b.code - (a.pipeline + a.code));
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((n, r) => n + of(r), 0).toFixed(0);
  console.log('milliseconds of processor\npipeline   code  dispatches  lines  kernel, its first dispatch');
  for (const r of rows) {
    const { name, wgsl } = program.kernels[r.kernel];
    const [pipeline, code] = [r.pipeline, r.code].map((ms) => ms.toFixed(0));
    const lines = wgsl.split('\n').length;
    console.log(
      `${pipeline.padStart(8)} ${code.padStart(6)} ${String(r.dispatches).padStart(11)} ${String(lines).padStart(6)}  ${name}  ${r.label}`,
    );
  }
  console.log(
    `${sum((r) => r.pipeline).padStart(8)} ${sum((r) => r.code).padStart(6)} ${sum((r) => r.dispatches).padStart(11)}         in all, ${rows.length} kernels`,
  );
  querySet.destroy();
  session.destroy();
}
