import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../../src/adapter/acquire.ts';
import { initialise } from '../../src/compiler/initialise.ts';
import { openModel } from '../../src/files/open.ts';
import { openProgramFolder } from '../../src/files/open-program.ts';
import { writeProgramFolder } from '../../src/files/program-folder.ts';
import { shippedNames } from '../../src/files/spec-files.ts';
import { elementCount } from '../../src/ir/graph.ts';
import { Random } from '../../src/recipe/random.ts';

/**
 * Every shipped spec at its default size: compiled for any WebGPU implementation, training step and all; then one
 * forward pass of a program for inference on this machine's adapter, and what it takes.
 */
const shipped = shippedNames();

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

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(2)} s`;

test.each(shipped)('%s at full size: a program, and finite outputs from it', async (spec) => {
  const path = join(folder, spec);
  let started = performance.now();
  const model = openModel(spec);
  const weights = new Map(model.parameters.map((p) => [p.name, initialise(p, 0)]));
  const whole = await writeProgramFolder(path, model, openModel(spec, { training: true }), weights);
  expect(whole.trains).toBe(true);
  await writeProgramFolder(path, model, undefined, weights);
  const compiled = seconds(started);

  started = performance.now();
  const running = await (await openProgramFolder(path)).start(acquired.device);
  try {
    const [input] = model.inputs;
    const random = Random.stream(0, 'full size');
    const x = Float32Array.from({ length: elementCount(input.shape) }, () => random.normal());
    const prepared = seconds(started);
    started = performance.now();
    const outputs = await running.predict({ [input.name]: x });
    console.log(
      `${spec}: compiled in ${compiled}, prepared in ${prepared}, first pass ${seconds(started)}, ` +
        `buffers ${running.session.bytes.toLocaleString('en')} bytes (${acquired.description})`,
    );
    for (const { name, value } of model.outputs) {
      const { data } = outputs[name];
      expect(data, name).toHaveLength(elementCount(model.graph.values[value].shape));
      expect(
        data.findIndex((v) => !Number.isFinite(v)),
        `${name}: first value that is not finite`,
      ).toBe(-1);
      // A kernel that did not run leaves zeros.
      expect(new Set(data.slice(0, 1000)).size, `${name} varies`).toBeGreaterThan(1);
    }
  } finally {
    running.destroy();
  }
});
