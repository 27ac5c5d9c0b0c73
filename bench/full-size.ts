/**
 * One forward pass of each shipped network at its default, full size, on WebGPU and on the CPU device, in turns:
 * `npm run bench full-size [SPEC …] [-- --backend webgpu|cpu|both] [--threads N]`. Prints seconds of the first pass and
 * of the best of later ones, MiB of memory, and how many times as fast the CPU device is. ARCHC_ADAPTER says which
 * adapter WebGPU takes.
 */
import { parseArgs } from 'node:util';
import { acquireDevice } from '../src/adapter/acquire.ts';
import type { Backend } from '../src/backend/backend.ts';
import { cpuBackend } from '../src/backend/cpu.ts';
import { webgpuBackend } from '../src/backend/webgpu.ts';
import { initialise } from '../src/compiler/initialise.ts';
import { kernelRenderer } from '../src/compiler/renderer.ts';
import { openModel } from '../src/files/open.ts';
import { shippedNames } from '../src/files/spec-files.ts';
import { ops } from '../src/ops/index.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { backend: { type: 'string', default: 'both' }, threads: { type: 'string' } },
});
const names = (
  { webgpu: ['webgpu'], cpu: ['cpu'], both: ['webgpu', 'cpu'] } as Partial<Record<string, string[]>>
)[values.backend];
const threads = values.threads === undefined ? undefined : Number(values.threads);
if (!names || (threads !== undefined && !(Number.isSafeInteger(threads) && threads >= 1))) {
  console.error('error: --backend is webgpu, cpu or both, --threads a whole number from 1 up');
  process.exit(2);
}

const backends: Backend[] = [];
for (const name of names)
  backends.push(
    name === 'cpu'
      ? cpuBackend(ops, kernelRenderer(), { threads })
      : webgpuBackend(ops, kernelRenderer(), await acquireDevice()),
  );
for (const { name, description } of backends) console.log(`${name}: ${description}`);
console.log(`Node ${process.versions.node}`);

interface Row {
  readonly first: number;
  readonly again: number;
  readonly bytes: number;
}

/** Seconds; the passes after the first take at least a second together. */
async function pass(backend: Backend, spec: string): Promise<Row> {
  const model = openModel(spec);
  const executable = await backend.prepare({ forward: model.graph }, model.name, 1);
  for (const p of model.parameters) executable.write('param', p.name, initialise(p, 0));
  const [input] = model.inputs;
  const size = input.shape.reduce((a, b) => a * b, 1);
  const image = Float32Array.from({ length: size }, (_, i) => Math.sin(0.1 * i));
  executable.write('input', input.name, image);
  const [{ name }] = model.outputs;
  const seconds: number[] = [];
  const begin = performance.now();
  while (seconds.length < 2 || performance.now() - begin < 1000 + 1000 * seconds[0]) {
    const started = performance.now();
    executable.run('forward');
    const result = (await executable.readOutputs('forward', [name])).get(name)!;
    seconds.push((performance.now() - started) / 1000);
    if (!result.every(Number.isFinite)) throw new Error(`${spec} gives values that are not finite`);
  }
  const { bytes } = executable;
  executable.destroy();
  return { first: seconds[0], again: Math.min(...seconds.slice(1)), bytes };
}

const column = (text: string) => text.padStart(15);
const heads = backends.flatMap(({ name }) => [`${name} first s`, 'again s', 'MiB']);
console.log(
  'network'.padEnd(15) + heads.map(column).join('') + (backends.length > 1 ? column('times as fast') : ''),
);
const ratios: number[] = [];
for (const spec of positionals.length > 0 ? positionals : shippedNames()) {
  const rows: Row[] = [];
  for (const backend of backends) rows.push(await pass(backend, spec));
  const cells = rows.flatMap(({ first, again, bytes }) => [
    first.toFixed(2),
    again.toFixed(2),
    (bytes / 2 ** 20).toFixed(0),
  ]);
  if (rows.length > 1) {
    ratios.push(rows[0].again / rows[1].again);
    cells.push(ratios.at(-1)!.toFixed(2));
  }
  console.log(spec.padEnd(15) + cells.map(column).join(''));
}
if (ratios.length > 1) {
  ratios.sort((a, b) => a - b);
  const median = (ratios[(ratios.length - 1) >> 1] + ratios[ratios.length >> 1]) / 2;
  console.log(`median ${median.toFixed(2)}, least ${ratios[0].toFixed(2)}`);
}
for (const backend of backends) backend.destroy();
