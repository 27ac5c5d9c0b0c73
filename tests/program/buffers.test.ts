import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../../src/adapter/acquire.ts';
import { type CompiledModel, openProgram } from '../../src/runtime/compiled-model.ts';
import { countingBuffers } from '../../src/runtime/webgpu/testing.ts';
import { temporaryFolder } from '../cli/archc.ts';
import { TINY } from '../cli/tiny.ts';
import { compiled } from './compiled.ts';

const folder = temporaryFolder();
const image = Float32Array.from({ length: 2 * 3 * 256 }, (_, i) => Math.sin(i));
const target = new Int32Array(2 * 256);
let acquired: AcquiredDevice;
let program: CompiledModel;
beforeAll(async () => {
  acquired = await acquireDevice();
  program = await openProgram(await compiled(`${folder}/net`, TINY, '--batch', '2'));
});
afterAll(() => acquired?.destroy());

/** A method of the device that does what it should until its call number `at`, from 0. */
function failing(method: keyof GPUDevice, at: number): Record<string, unknown> {
  const { device } = acquired;
  const original = (device[method] as (...args: unknown[]) => unknown).bind(device);
  let calls = 0;
  return {
    // Each stand-in of the device would be watched by itself.
    addEventListener: () => {},
    [method]: (...args: unknown[]) => {
      if (calls++ === at) throw new Error(`${method} fails`);
      return original(...args);
    },
  };
}

test('500 predictions and steps leave no buffer behind but those of the model, which go with it', async () => {
  const { device, live } = countingBuffers(acquired.device);
  const model = await program.start(device);
  const own = live.size;
  expect(own).toBe(program.program.buffers.length + 1);
  for (let i = 0; i < 500; i++) {
    if (i % 5 === 0) await model.step({ image, target });
    else await model.predict({ image });
    expect(live.size).toBe(own);
  }
  model.destroy();
  expect(live.size).toBe(0);
});

test('50 sessions that fail in the middle leave no buffer behind', async () => {
  const methods = ['createBuffer', 'createShaderModule', 'createBindGroup', 'createPipelineLayout'] as const;
  for (let i = 0; i < 50; i++) {
    const method = methods[i % methods.length];
    // Of each method a later call each time; there are fewer buffers than kernels.
    const at = method === 'createBuffer' ? i % 5 : Math.floor(i / methods.length);
    const { device, live } = countingBuffers(acquired.device, failing(method, at));
    await expect(program.start(device), `${method} ${at}`).rejects.toMatchObject({ name: 'RuntimeError' });
    expect(live.size).toBe(0);
  }
});

test('a prediction or step that fails leaves none either', async () => {
  const { device, live } = countingBuffers(acquired.device, failing('createCommandEncoder', 1));
  const model = await program.start(device);
  const own = live.size;
  await model.predict({ image });
  await expect(model.predict({ image })).rejects.toMatchObject({ name: 'RuntimeError' });
  expect(live.size).toBe(own);
  model.destroy();
  const again = countingBuffers(acquired.device, failing('createCommandEncoder', 1));
  const other = await program.start(again.device);
  await other.step({ image, target });
  await expect(other.step({ image, target })).rejects.toMatchObject({ name: 'RuntimeError' });
  // A step that was not submitted is none.
  expect(await other.step({ image, target })).toMatchObject({ step: 2 });
  expect(again.live.size).toBe(own);
  other.destroy();
  expect([live.size, again.live.size]).toEqual([0, 0]);
});
