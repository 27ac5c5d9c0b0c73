import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type WebgpuBackend, webgpuBackend } from '../../src/backend/webgpu.ts';
import { nodeRenderer } from '../../src/compiler/files.ts';
import { openModel } from '../../src/compiler/model.ts';
import { Random } from '../../src/data/random.ts';
import { elementCount } from '../../src/ir/graph.ts';
import { ops } from '../../src/ops/index.ts';
import { initialise } from '../../src/training/initialise.ts';

/** Every shipped spec at its default size on this machine's adapter: one forward pass, and what it takes. */
const shipped = readdirSync(new URL('../../specs/', import.meta.url))
  .filter((f) => f.endsWith('.arch'))
  .map((f) => f.slice(0, -'.arch'.length));

let backend: WebgpuBackend;
beforeAll(async () => {
  backend = await webgpuBackend(ops, nodeRenderer());
});
afterAll(() => backend?.destroy());

test.each(shipped)('%s at full size gives finite outputs', async (spec) => {
  const model = openModel(spec);
  const [input] = model.inputs;
  const names = model.outputs.map((o) => o.name);
  const started = performance.now();
  const executable = await backend.prepare(model.graph, model.name, model.batch);
  try {
    for (const p of model.parameters) executable.write('param', p.name, initialise(p, 0));
    const random = Random.stream(0, 'full size');
    executable.write(
      'input',
      input.name,
      Float32Array.from({ length: elementCount(input.shape) }, () => random.normal()),
    );
    const prepared = performance.now();
    executable.run();
    const outputs = await executable.read('output', names);
    const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
    console.log(
      `${spec}: prepared in ${seconds(prepared - started)}, first pass ${seconds(performance.now() - prepared)}, ` +
        `buffers ${executable.bytes.toLocaleString('en')} bytes (${backend.description})`,
    );
    for (const { name, value } of model.outputs) {
      const data = outputs.get(name)!;
      expect(data, name).toHaveLength(elementCount(model.graph.values[value].shape));
      expect(
        data.findIndex((v) => !Number.isFinite(v)),
        `${name}: first value that is not finite`,
      ).toBe(-1);
      // A kernel that did not run leaves zeros.
      expect(new Set(data.slice(0, 1000)).size, `${name} varies`).toBeGreaterThan(1);
    }
  } finally {
    executable.destroy();
  }
});
