import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../../src/adapter/acquire.ts';
import { randomBuffers, randomKernel } from './random-kernels.ts';
import { interpreted } from './run-kernel.ts';

const SEEDS = process.env['ARCHC_FULL'] === '1' ? 40 : 10;

let acquired: AcquiredDevice;
beforeAll(async () => {
  acquired = await acquireDevice();
});
afterAll(() => acquired?.destroy());

/** The buffers as the device leaves them. */
async function onDevice(
  wgsl: string,
  buffers: readonly ArrayBuffer[],
  groups: number,
): Promise<ArrayBuffer[]> {
  const { device } = acquired;
  const module = device.createShaderModule({ code: wgsl });
  const entries = buffers.map((_, binding): GPUBindGroupLayoutEntry => {
    const type = binding < 3 ? 'read-only-storage' : 'storage';
    return { binding, visibility: 4, buffer: { type } };
  });
  const layout = device.createBindGroupLayout({ entries });
  const pipeline = await device.createComputePipelineAsync({
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: 'main' },
  });
  // Usages: MAP_READ 1, COPY_SRC 4, COPY_DST 8, STORAGE 128.
  const stored = buffers.map((b) => device.createBuffer({ size: b.byteLength, usage: 4 | 8 | 128 }));
  const read = buffers.map((b) => device.createBuffer({ size: b.byteLength, usage: 1 | 8 }));
  buffers.forEach((b, k) => {
    device.queue.writeBuffer(stored[k], 0, b);
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    device.createBindGroup({
      layout,
      entries: stored.map((buffer, binding) => ({ binding, resource: { buffer } })),
    }),
  );
  pass.dispatchWorkgroups(groups);
  pass.end();
  stored.forEach((b, k) => {
    encoder.copyBufferToBuffer(b, 0, read[k], 0, b.size);
  });
  device.queue.submit([encoder.finish()]);
  const results: ArrayBuffer[] = [];
  for (const b of read) {
    await b.mapAsync(1);
    results.push(b.getMappedRange().slice(0));
    b.destroy();
  }
  for (const b of stored) b.destroy();
  return results;
}

/**
 * Whole numbers and all control flow, bit for bit. Products and sums of f32 may be fused on a device: rounding that
 * differs grows with what is cancelled, hence a tolerance beside the largest number.
 */
test(`the interpreter agrees with a device on ${SEEDS} random kernels`, async () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const { wgsl, groups } = randomKernel(seed, { tame: true, wild: false });
    const buffers = randomBuffers(seed, true);
    const truth = interpreted(wgsl, buffers, groups);
    const found = await onDevice(wgsl, buffers, groups);
    for (const k of [4, 5]) {
      expect(new Uint32Array(found[k]), `seed ${seed}, binding ${k}\n${wgsl}`).toEqual(
        new Uint32Array(truth[k]),
      );
    }
    const [expected, actual] = [new Float32Array(truth[3]), new Float32Array(found[3])];
    const largest = expected.reduce((m, x) => Math.max(m, Math.abs(x)), 1);
    const off = expected.reduce((m, x, i) => Math.max(m, Math.abs(x - actual[i])), 0);
    expect(off / largest, `seed ${seed}\n${wgsl}`).toBeLessThan(1e-5);
  }
});
