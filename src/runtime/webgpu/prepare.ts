import { bytesText } from '../../program/bytes-text.ts';
import type { Dispatch, KernelInfo, Program } from '../../program/program.ts';
import { elementCount } from '../program-tensors.ts';
import { RuntimeError } from '../runtime-error.ts';
import { scoped } from './device-faults.ts';

/** A dispatch with all that it binds. */
export interface Step {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

/** `GPUBufferUsage`, which browsers have as a global and Node does not. */
export const BUFFER_USAGE = {
  MAP_READ: 1,
  COPY_SRC: 4,
  COPY_DST: 8,
  UNIFORM: 64,
  STORAGE: 128,
  QUERY_RESOLVE: 512,
} as const;

const COMPUTE_STAGE = 4;

interface Kernel {
  readonly layout: GPUBindGroupLayout;
  readonly pipeline: GPUComputePipeline;
  readonly hasUniforms: boolean;
}

/**
 * Makes the program's buffers, the one of the uniforms last, and fills that and what state is at first.
 *
 * @param made takes each buffer as soon as it exists: they are the caller's to destroy, whether this fails or not
 * @throws RuntimeError `out-of-memory` that names the bytes asked for, `device-validation`
 */
export async function makeBuffers(device: GPUDevice, program: Program, made: GPUBuffer[]): Promise<void> {
  const { STORAGE, COPY_SRC, COPY_DST, UNIFORM } = BUFFER_USAGE;
  const words = Uint32Array.from(program.uniforms);
  const wanted = [
    ...program.buffers.map(({ size, kind }) => ({ size, kind, usage: STORAGE | COPY_SRC | COPY_DST })),
    { size: words.byteLength, kind: 'uniforms', usage: UNIFORM | COPY_DST },
  ];
  const total = bytesText(wanted.reduce((n, { size }) => n + size, 0));
  const errors = wanted.map(({ size, kind, usage }, i) => {
    const what = `buffer ${i + 1} of ${wanted.length} (${kind}, ${bytesText(size)} of ${total} in all)`;
    const { value, error } = scoped(device, what, () => device.createBuffer({ size, usage, label: kind }));
    made.push(value);
    return error;
  });
  await throwFirst(errors);
  const { error } = scoped(device, 'writing uniforms and initial state', () => {
    device.queue.writeBuffer(made[made.length - 1], 0, words);
    for (const { shape, dtype, buffer, offset, initial } of program.tensors) {
      // All else is zero at first, as WebGPU makes buffers.
      if (!initial) continue;
      const count = elementCount({ shape });
      const data = dtype === 'f32' ? new Float32Array(count) : new Int32Array(count);
      device.queue.writeBuffer(made[buffer], offset, data.fill(initial));
    }
  });
  await throwFirst([error]);
}

/**
 * Compiles the program's kernels and binds each dispatch of every entry to its buffers.
 *
 * @param buffers those of makeBuffers
 * @throws RuntimeError `shader-error` with the kernel's name and what the compiler says of it, `device-validation`
 */
export async function makeSteps(
  device: GPUDevice,
  { kernels: infos, entries }: Program,
  buffers: readonly GPUBuffer[],
): Promise<ReadonlyMap<string, readonly Step[]>> {
  // All are waited for, also where one fails: nothing goes on in the background afterwards.
  const results = await Promise.allSettled(infos.map((kernel) => makeKernel(device, kernel)));
  const kernels = results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
  const uniforms = buffers[buffers.length - 1];
  const bind = (d: Dispatch): Step => {
    const { layout, pipeline, hasUniforms } = kernels[d.kernel];
    const [offset, size] = d.uniforms;
    const group = device.createBindGroup({
      label: d.label,
      layout,
      entries: [
        ...(hasUniforms ? [{ binding: 0, resource: { buffer: uniforms, offset, size } }] : []),
        ...d.bindings.map(([buffer, at, bytes], i) => ({
          binding: i + 1,
          resource: { buffer: buffers[buffer], offset: at, size: bytes },
        })),
      ],
    });
    return { pipeline, group, workgroups: d.workgroups };
  };
  const { value, error } = scoped(
    device,
    'the bindings of a kernel',
    () => new Map(Object.entries(entries).map(([name, entry]) => [name, entry.dispatches.map(bind)])),
  );
  await throwFirst([error]);
  return value;
}

async function makeKernel(
  device: GPUDevice,
  { name, bindings, hasUniforms, wgsl: code }: KernelInfo,
): Promise<Kernel> {
  const rejected = (why: string) => new RuntimeError('shader-error', `kernel ${name} ${why}`);
  if (typeof code !== 'string') throw rejected('has no text in the program');
  const shader = scoped(device, `kernel ${name}`, () => device.createShaderModule({ code, label: name }));
  if (await shader.error) throw rejected(`does not compile: ${await compilerMessage(shader.value)}`);
  const { value, error } = scoped(device, `the interface of kernel ${name}`, () => {
    const layout = device.createBindGroupLayout({
      label: name,
      entries: [
        ...(hasUniforms ? [layoutEntry(0, 'uniform')] : []),
        ...bindings.map((access, i) =>
          layoutEntry(i + 1, access === 'read' ? 'read-only-storage' : 'storage'),
        ),
      ],
    });
    return { layout, pipelineLayout: device.createPipelineLayout({ bindGroupLayouts: [layout] }) };
  });
  await throwFirst([error]);
  const { layout, pipelineLayout } = value;
  try {
    const pipeline = await device.createComputePipelineAsync({
      label: name,
      layout: pipelineLayout,
      compute: { module: shader.value, entryPoint: 'main' },
    });
    return { layout, pipeline, hasUniforms };
  } catch (failure) {
    throw rejected(`is refused by the device: ${(failure as Error).message.trim().split('\n')[0]}`);
  }
}

/** The compiler's first error with its place in the kernel. */
async function compilerMessage(module: GPUShaderModule): Promise<string> {
  const { messages } = await module.getCompilationInfo();
  const first = messages.find(({ type }) => type === 'error');
  return first
    ? `line ${first.lineNum}, column ${first.linePos}: ${first.message}`
    : 'the compiler gives no reason';
}

function layoutEntry(binding: number, type: GPUBufferBindingType): GPUBindGroupLayoutEntry {
  return { binding, visibility: COMPUTE_STAGE, buffer: { type } };
}

async function throwFirst(errors: readonly Promise<RuntimeError | undefined>[]): Promise<void> {
  const first = (await Promise.all(errors)).find((error) => error);
  if (first) throw first;
}
