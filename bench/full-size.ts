/**
 * One forward pass of each shipped network at its default, full size: seconds cold and warm, and buffer memory.
 * `npm run bench full-size [SPEC …]`
 */
import { acquireDevice } from '../src/adapter/acquire.ts';
import { webgpuBackend } from '../src/backend/webgpu.ts';
import { initialise } from '../src/compiler/initialise.ts';
import { kernelRenderer } from '../src/compiler/renderer.ts';
import { openModel } from '../src/files/open.ts';
import { shippedNames } from '../src/files/spec-files.ts';
import { ops } from '../src/ops/index.ts';

const specs = process.argv.length > 2 ? process.argv.slice(2) : shippedNames();
const backend = webgpuBackend(ops, kernelRenderer(), await acquireDevice());
console.log(backend.description);
console.log('network           first s   again s   buffers MiB');
for (const spec of specs) {
  const model = openModel(spec);
  const executable = await backend.prepare({ forward: model.graph }, model.name, 1);
  for (const p of model.parameters) executable.write('param', p.name, initialise(p, 0));
  const [input] = model.inputs;
  const size = input.shape.reduce((a, b) => a * b, 1);
  executable.write(
    'input',
    input.name,
    Float32Array.from({ length: size }, (_, i) => Math.sin(0.1 * i)),
  );
  const seconds: number[] = [];
  for (let i = 0; i < 2; i++) {
    const started = performance.now();
    executable.run('forward');
    const result = (await executable.readOutputs('forward', [model.outputs[0].name])).get(
      model.outputs[0].name,
    )!;
    seconds.push((performance.now() - started) / 1000);
    if (!result.every(Number.isFinite)) throw new Error(`${spec} gives values that are not finite`);
  }
  const bytes = (executable.bytes / 2 ** 20).toFixed(0);
  const [first, again] = seconds.map((s) => s.toFixed(2).padStart(7));
  console.log(`${spec.padEnd(17)} ${first}   ${again}   ${bytes.padStart(11)}`);
  executable.destroy();
}
backend.destroy();
