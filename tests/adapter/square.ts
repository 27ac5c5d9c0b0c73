// Squares 0..999 on the adapter that the environment chooses and prints what came out; run by acquire.test.ts in
// processes of their own.
import { acquireDevice } from '../../src/adapter/acquire.ts';

const count = 1000;
const { device, adapter, kind, description, destroy } = await acquireDevice();
const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
const buffer = device.createBuffer({ size: count * 4, usage });
device.queue.writeBuffer(
  buffer,
  0,
  Float32Array.from({ length: count }, (_, i) => i),
);
const code = `
  @group(0) @binding(0) var<storage, read_write> x: array<f32>;
  @compute @workgroup_size(64) fn square(@builtin(global_invocation_id) id: vec3u) {
    if (id.x < arrayLength(&x)) { x[id.x] = x[id.x] * x[id.x]; }
  }`;
const module = device.createShaderModule({ code });
const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
const layout = pipeline.getBindGroupLayout(0);
const read = device.createBuffer({
  size: count * 4,
  usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
});
const encoder = device.createCommandEncoder();
const pass = encoder.beginComputePass();
pass.setPipeline(pipeline);
pass.setBindGroup(0, device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer } }] }));
pass.dispatchWorkgroups(Math.ceil(count / 64));
pass.end();
encoder.copyBufferToBuffer(buffer, 0, read, 0, count * 4);
device.queue.submit([encoder.finish()]);
await read.mapAsync(GPUMapMode.READ);
const values = [...new Float32Array(read.getMappedRange())];
const limit = 'maxStorageBufferBindingSize';
console.log(
  JSON.stringify({
    kind,
    description,
    values,
    deviceLimit: device.limits[limit],
    adapterLimit: adapter.limits[limit],
  }),
);
destroy();
