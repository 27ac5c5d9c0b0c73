import type { Bundle, TensorInfo } from '../bundle/manifest.ts';
import { RuntimeError } from './runtime-error.ts';

export type TensorData = Float32Array | Int32Array;

interface Step {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

/**
 * A bundle made ready on a device. Buffers, pipelines and bind groups are made once; `run` only encodes and
 * submits.
 */
export class Session {
  readonly device: GPUDevice;
  readonly bundle: Bundle;
  private readonly buffers: readonly GPUBuffer[];
  private readonly uniforms: GPUBuffer;
  private readonly steps: readonly Step[];
  private readonly tensors: ReadonlyMap<string, TensorInfo>;

  private constructor(
    device: GPUDevice,
    bundle: Bundle,
    buffers: GPUBuffer[],
    uniforms: GPUBuffer,
    steps: Step[],
  ) {
    this.device = device;
    this.bundle = bundle;
    this.buffers = buffers;
    this.uniforms = uniforms;
    this.steps = steps;
    this.tensors = new Map(bundle.manifest.tensors.map((t) => [`${t.kind}:${t.name}`, t]));
  }

  /** Throws {@link RuntimeError} where the device's limits are too small for the bundle. */
  static async create(device: GPUDevice, bundle: Bundle): Promise<Session> {
    const { manifest } = bundle;
    checkLimits(device, manifest.requires);
    const { STORAGE, COPY_SRC, COPY_DST, UNIFORM } = BUFFER_USAGE;
    const buffers = manifest.buffers.map(({ size }) =>
      device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST }),
    );
    const words = Uint32Array.from(manifest.uniforms);
    const uniforms = device.createBuffer({ size: Math.max(words.byteLength, 16), usage: UNIFORM | COPY_DST });
    device.queue.writeBuffer(uniforms, 0, words);

    const kernels = await Promise.all(
      manifest.kernels.map(async (kernel) => {
        const layout = device.createBindGroupLayout({
          entries: [
            ...(kernel.hasUniforms ? [layoutEntry(0, 'uniform')] : []),
            ...kernel.bindings.map((access, i) =>
              layoutEntry(i + 1, access === 'read' ? 'read-only-storage' : 'storage'),
            ),
          ],
        });
        const module = device.createShaderModule({ code: bundle.wgsl.get(kernel.name)!, label: kernel.name });
        const pipeline = await device.createComputePipelineAsync({
          label: kernel.name,
          layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
          compute: { module, entryPoint: 'main' },
        });
        return { layout, pipeline, hasUniforms: kernel.hasUniforms };
      }),
    );
    const steps = manifest.dispatches.map((d): Step => {
      const { layout, pipeline, hasUniforms } = kernels[d.kernel];
      const [offset, size] = d.uniforms;
      const group = device.createBindGroup({
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
    });
    return new Session(device, bundle, buffers, uniforms, steps);
  }

  has(kind: TensorInfo['kind'], name: string): boolean {
    return this.tensors.has(`${kind}:${name}`);
  }

  /** Copies data into a tensor. Its length must be the tensor's. */
  write(kind: TensorInfo['kind'], name: string, data: TensorData): void {
    const tensor = this.tensor(kind, name);
    if (data.length !== count(tensor)) {
      throw new RuntimeError(`${name} holds ${count(tensor)} values, ${data.length} were given`);
    }
    this.device.queue.writeBuffer(
      this.buffers[tensor.buffer],
      tensor.offset,
      data as Float32Array<ArrayBuffer>,
    );
  }

  /** Encodes and submits one run; returns at once. `after` may append copies to the same submission. */
  run(after?: (encoder: GPUCommandEncoder) => void): void {
    const encoder = this.device.createCommandEncoder();
    this.encode(encoder, 0, this.steps.length);
    after?.(encoder);
    this.device.queue.submit([encoder.finish()]);
  }

  /** Encodes the dispatches from `first` up to, but not including, `end` as one pass. */
  encode(
    encoder: GPUCommandEncoder,
    first: number,
    end: number,
    timestampWrites?: GPUComputePassTimestampWrites,
  ): void {
    const pass = encoder.beginComputePass(timestampWrites ? { timestampWrites } : undefined);
    let current: GPUComputePipeline | undefined;
    for (let i = first; i < end; i++) {
      const { pipeline, group, workgroups } = this.steps[i];
      if (pipeline !== current) pass.setPipeline(pipeline);
      current = pipeline;
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...workgroups);
    }
    pass.end();
  }

  /** Appends a copy of a tensor into a buffer. */
  copyTo(
    encoder: GPUCommandEncoder,
    kind: TensorInfo['kind'],
    name: string,
    target: GPUBuffer,
    offset = 0,
  ): void {
    const tensor = this.tensor(kind, name);
    encoder.copyBufferToBuffer(this.buffers[tensor.buffer], tensor.offset, target, offset, 4 * count(tensor));
  }

  /** Waits for all that was submitted and reads tensors back, as flat row-major arrays. */
  async read(kind: TensorInfo['kind'], names: readonly string[]): Promise<Map<string, TensorData>> {
    const tensors = names.map((name) => this.tensor(kind, name));
    const sizes = tensors.map((t) => 4 * count(t));
    const total = sizes.reduce((a, b) => a + b, 0);
    const staging = this.device.createBuffer({
      size: Math.max(total, 4),
      usage: BUFFER_USAGE.COPY_DST | BUFFER_USAGE.MAP_READ,
    });
    const encoder = this.device.createCommandEncoder();
    let offset = 0;
    tensors.forEach((t, i) => {
      if (sizes[i] > 0)
        encoder.copyBufferToBuffer(this.buffers[t.buffer], t.offset, staging, offset, sizes[i]);
      offset += sizes[i];
    });
    this.device.queue.submit([encoder.finish()]);
    await staging.mapAsync(1);
    const bytes = staging.getMappedRange().slice(0);
    staging.destroy();
    const result = new Map<string, TensorData>();
    offset = 0;
    tensors.forEach((t, i) => {
      const n = sizes[i] / 4;
      result.set(
        t.name,
        t.dtype === 'f32' ? new Float32Array(bytes, offset, n) : new Int32Array(bytes, offset, n),
      );
      offset += sizes[i];
    });
    return result;
  }

  /** Bytes of all buffers, the uniforms included. */
  get bytes(): number {
    return this.bundle.manifest.buffers.reduce((n, b) => n + b.size, this.uniforms.size);
  }

  destroy(): void {
    for (const buffer of [...this.buffers, this.uniforms]) buffer.destroy();
  }

  private tensor(kind: TensorInfo['kind'], name: string): TensorInfo {
    const tensor = this.tensors.get(`${kind}:${name}`);
    if (!tensor) throw new RuntimeError(`the bundle has no ${kind} named ${name}`);
    return tensor;
  }
}

/** `GPUBufferUsage`, which browsers have as a global and Node does not. */
const BUFFER_USAGE = { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, UNIFORM: 64, STORAGE: 128 } as const;

const COMPUTE_STAGE = 4;

function layoutEntry(binding: number, type: GPUBufferBindingType): GPUBindGroupLayoutEntry {
  return { binding, visibility: COMPUTE_STAGE, buffer: { type } };
}

function count(tensor: TensorInfo): number {
  return tensor.shape.reduce((n, d) => n * d, 1);
}

function checkLimits(device: GPUDevice, requires: Bundle['manifest']['requires']): void {
  for (const [name, wanted] of Object.entries(requires)) {
    const has = device.limits[name as keyof GPUSupportedLimits] as number;
    const enough = name.startsWith('min') ? has <= wanted : has >= wanted;
    if (!enough) throw new RuntimeError(`the bundle needs ${name} ${wanted}, the device has ${has}`);
  }
}
