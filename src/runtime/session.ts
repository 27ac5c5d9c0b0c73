import type { Bundle, TensorInfo } from '../bundle/manifest.ts';
import { healthOf, nextTask, scoped } from './device-faults.ts';
import { checkLimits, mebibytes } from './limits.ts';
import { BUFFER_USAGE, makeBuffers, makeSteps, type Step } from './prepare.ts';
import { RuntimeError } from './runtime-error.ts';

export type TensorData = Float32Array | Int32Array;

/**
 * A bundle made ready on a device. Buffers, pipelines and bind groups are made once; `run` only encodes and
 * submits. Whatever the device finds wrong with that is thrown by the next call that waits: {@link map},
 * {@link read}.
 */
export class Session {
  readonly device: GPUDevice;
  readonly bundle: Bundle;
  /** Those of the manifest, then the one of the uniforms. */
  private readonly buffers: readonly GPUBuffer[];
  private readonly steps: readonly Step[];
  private readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The first error of what was submitted. */
  private fault: RuntimeError | undefined;
  /** Resolves once the device has looked at all that was submitted. */
  private checked: Promise<void> = Promise.resolve();

  private constructor(device: GPUDevice, bundle: Bundle, buffers: GPUBuffer[], steps: Step[]) {
    this.device = device;
    this.bundle = bundle;
    this.buffers = buffers;
    this.steps = steps;
    this.tensors = new Map(bundle.manifest.tensors.map((t) => [`${t.kind}:${t.name}`, t]));
  }

  /**
   * @throws RuntimeError `adapter-limits` where the device's limits are too small for the bundle; `out-of-memory`;
   *   `shader-error` where it rejects a kernel; `device-lost`, `device-validation`, `device-internal`. No buffer
   *   remains then.
   */
  static async create(device: GPUDevice, bundle: Bundle): Promise<Session> {
    checkLimits(device, bundle.manifest.requires);
    const health = healthOf(device);
    const buffers: GPUBuffer[] = [];
    try {
      await makeBuffers(device, bundle.manifest, buffers);
      const steps = await makeSteps(device, bundle, buffers);
      await nextTask();
      // A lost device makes anything without complaint.
      if (health.lost) throw health.lost;
      return new Session(device, bundle, buffers, steps);
    } catch (error) {
      for (const buffer of buffers) buffer.destroy();
      await nextTask();
      throw health.lost ?? error;
    }
  }

  has(kind: TensorInfo['kind'], name: string): boolean {
    return this.tensors.has(`${kind}:${name}`);
  }

  /** Copies data into a tensor. Its length must be the tensor's. */
  write(kind: TensorInfo['kind'], name: string, data: TensorData): void {
    const tensor = this.tensor(kind, name);
    if (data.length !== count(tensor)) {
      throw new RuntimeError(
        'bad-tensor',
        `${name} holds ${count(tensor)} values, ${data.length} were given`,
        `an array for [${tensor.shape.join(', ')}]`,
      );
    }
    this.guard(`writing ${name}`, () =>
      this.device.queue.writeBuffer(
        this.buffers[tensor.buffer],
        tensor.offset,
        data as Float32Array<ArrayBuffer>,
      ),
    );
  }

  /** Encodes and submits one run; returns at once. `after` may append copies to the same submission. */
  run(after?: (encoder: GPUCommandEncoder) => void): void {
    this.submit('a run', (encoder) => {
      this.encode(encoder, 0, this.steps.length);
      after?.(encoder);
    });
  }

  /**
   * Submits what `record` encodes.
   *
   * @param what the commands, for messages
   */
  submit(what: string, record: (encoder: GPUCommandEncoder) => void): void {
    this.guard(what, () => {
      const encoder = this.device.createCommandEncoder();
      record(encoder);
      this.device.queue.submit([encoder.finish()]);
    });
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

  /** A buffer that results are copied into and mapped from. It is the caller's to destroy. */
  staging(bytes: number): GPUBuffer {
    const size = Math.max(bytes, 4);
    const usage = BUFFER_USAGE.COPY_DST | BUFFER_USAGE.MAP_READ;
    return this.guard(`a buffer for results (${mebibytes(size)})`, () =>
      this.device.createBuffer({ size, usage, label: 'staging' }),
    );
  }

  /**
   * Waits until what was submitted is done and a buffer of {@link staging} can be read.
   *
   * @throws RuntimeError `device-lost`, or what the device found wrong with anything submitted so far
   */
  async map(buffer: GPUBuffer): Promise<void> {
    try {
      await buffer.mapAsync(1);
    } catch (error) {
      await nextTask();
      await this.check();
      const { message } = error as Error;
      throw new RuntimeError(
        'device-internal',
        `results cannot be read back from the device${message ? `: ${message}` : ''}`,
      );
    }
    await this.check();
  }

  /** Waits for all that was submitted and reads tensors back, as flat row-major arrays. Throws as {@link map}. */
  async read(kind: TensorInfo['kind'], names: readonly string[]): Promise<Map<string, TensorData>> {
    const tensors = names.map((name) => this.tensor(kind, name));
    const sizes = tensors.map((t) => 4 * count(t));
    const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
    const staging = this.staging(sizes.reduce((a, b) => a + b, 0));
    try {
      this.submit('copying results', (encoder) => {
        tensors.forEach((t, i) => {
          if (sizes[i] > 0) this.copyTo(encoder, kind, t.name, staging, starts[i]);
        });
      });
      await this.map(staging);
      const bytes = staging.getMappedRange().slice(0);
      return new Map(
        tensors.map((t, i) => {
          const Data = t.dtype === 'f32' ? Float32Array : Int32Array;
          return [t.name, new Data(bytes, starts[i], sizes[i] / 4)];
        }),
      );
    } finally {
      staging.destroy();
    }
  }

  /** Bytes of all buffers, the uniforms included. */
  get bytes(): number {
    return this.buffers.reduce((n, { size }) => n + size, 0);
  }

  destroy(): void {
    for (const buffer of this.buffers) buffer.destroy();
  }

  private guard<T>(what: string, work: () => T): T {
    const { value, error } = scoped(this.device, what, work);
    const before = this.checked;
    this.checked = error.then(async (found) => {
      await before;
      this.fault ??= found;
    });
    return value;
  }

  private async check(): Promise<void> {
    await this.checked;
    const health = healthOf(this.device);
    const found = health.lost ?? this.fault ?? health.uncaptured;
    if (found) throw found;
  }

  private tensor(kind: TensorInfo['kind'], name: string): TensorInfo {
    const tensor = this.tensors.get(`${kind}:${name}`);
    if (!tensor) throw new RuntimeError('bad-tensor', `the bundle has no ${kind} named ${name}`);
    return tensor;
  }
}

function count(tensor: TensorInfo): number {
  return tensor.shape.reduce((n, d) => n * d, 1);
}
