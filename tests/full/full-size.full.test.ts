import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../../src/adapter/acquire.ts';
import type { Bundle, Manifest } from '../../src/bundle/manifest.ts';
import { writeBundleFolder } from '../../src/compiler/bundle-folder.ts';
import { openModel } from '../../src/compiler/model.ts';
import { Random } from '../../src/data/random.ts';
import { elementCount } from '../../src/ir/graph.ts';
import { Session } from '../../src/runtime/session.ts';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { initialise } from '../../src/training/initialise.ts';

/**
 * Every shipped spec at its default size: compiled to a bundle for any WebGPU implementation, training step and all;
 * then one forward pass of what lies in the folder on this machine's adapter, and what it takes.
 */
const shipped = readdirSync(new URL('../../specs/', import.meta.url))
  .filter((f) => f.endsWith('.arch'))
  .map((f) => f.slice(0, -'.arch'.length));

let acquired: AcquiredDevice;
beforeAll(async () => {
  acquired = await acquireDevice();
});
afterAll(() => acquired?.destroy());

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'archc-full-size-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function readProgram(path: string): Bundle {
  const manifest = JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8')) as Manifest;
  const wgsl = manifest.kernels.map(
    ({ name }) => [name, readFileSync(join(path, `${name}.wgsl`), 'utf8')] as const,
  );
  return { manifest, wgsl: new Map(wgsl) };
}

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(2)} s`;

test.each(shipped)('%s at full size: a bundle, and finite outputs from it', async (spec) => {
  const bundle = join(folder, spec);
  let started = performance.now();
  const model = openModel(spec);
  const weights = new Map(model.parameters.map((p) => [p.name, initialise(p, 0)]));
  const report = writeBundleFolder(bundle, model, openModel(spec, { training: true }), weights);
  expect(report.trains).toBe(true);
  const compiled = seconds(started);

  started = performance.now();
  const session = await Session.create(acquired.device, readProgram(join(bundle, 'forward')));
  try {
    for (const [name, { data }] of readSafetensors(join(bundle, 'weights.safetensors')).tensors) {
      session.write('param', name, data as Float32Array);
    }
    const [input] = model.inputs;
    const random = Random.stream(0, 'full size');
    session.write(
      'input',
      input.name,
      Float32Array.from({ length: elementCount(input.shape) }, () => random.normal()),
    );
    const prepared = seconds(started);
    started = performance.now();
    session.run();
    const outputs = await session.read(
      'output',
      model.outputs.map((o) => o.name),
    );
    console.log(
      `${spec}: compiled in ${compiled}, prepared in ${prepared}, first pass ${seconds(started)}, ` +
        `buffers ${session.bytes.toLocaleString('en')} bytes (${acquired.description})`,
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
    session.destroy();
  }
});
