import type { Entry, Program, SourceInfo, SourceKind, TensorInfo } from '../program/program.ts';
import { healthOf, nextTask, scoped } from './device-faults.ts';
import { checkOffers, mebibytes } from './limits.ts';
import { BUFFER_USAGE, makeBuffers, makeSteps, type Step } from './prepare.ts';
import { RuntimeError } from './runtime-error.ts';

export type TensorData = Float32Array | Int32Array;

/**
 * A program made ready on a device. Buffers, pipelines and bind groups are made once; `run` only encodes and
 * submits. Whatever the device finds wrong with that is thrown by the next call that waits: {@link map},
 * {@link read}, {@link readOutputs}.
 */
export class Session {
  readonly device: GPUDevice;
  readonly program: Program;
  /** Those of the program, then the one of the uniforms. */
  private readonly buffers: readonly GPUBuffer[];
  private readonly steps: ReadonlyMap<string, readonly Step[]>;
  private readonly tensors: ReadonlyMap<string, SourceInfo>;
  /** The first error of what was submitted. */
  private fault: RuntimeError | undefined;
  /** Resolves once the device has looked at all that was submitted. */
  private checked: Promise<void> = Promise.resolve();

  private constructor(
    device: GPUDevice,
    program: Program,
    buffers: GPUBuffer[],
    steps: ReadonlyMap<string, readonly Step[]>,
  ) {
    this.device = device;
    this.program = program;
    this.buffers = buffers;
    this.steps = steps;
    this.tensors = new Map(program.tensors.map((t) => [`${t.kind}:${t.name}`, t]));
  }

  /**
   * @throws RuntimeError `adapter-limits` where the device's limits are too small for the program; `adapter-features`
   *   where it lacks a feature; `out-of-memory`; `shader-error` where it rejects a kernel; `device-lost`, `device-validation`, `device-internal`. No buffer
   *   remains then.
   */
  static async create(device: GPUDevice, program: Program): Promise<Session> {
    checkOffers(device, program.requires);
    const health = healthOf(device);
    const buffers: GPUBuffer[] = [];
    try {
      await makeBuffers(device, program, buffers);
      const steps = await makeSteps(device, program, buffers);
      await nextTask();
      // A lost device makes anything without complaint.
      if (health.lost) throw health.lost;
      return new Session(device, program, buffers, steps);
    } catch (error) {
      for (const buffer of buffers) buffer.destroy();
      await nextTask();
      throw health.lost ?? error;
    }
  }

  /** Whether some entry reads or changes such a tensor. */
  has(kind: SourceKind, name: string): boolean {
    return this.tensors.has(`${kind}:${name}`);
  }

  /** @throws RuntimeError `bad-entry` where the program has none of that name */
  entry(name: string): Entry {
    if (this.steps.has(name)) return this.program.entries[name];
    const names = [...this.steps.keys()].join(', ');
    throw new RuntimeError('bad-entry', `the program has no entry ${name}, but ${names}`);
  }

  /** Copies data into a tensor. Its length must be the tensor's. */
  write(kind: SourceKind, name: string, data: TensorData): void {
    const write = this.writing(kind, name, data);
    this.guard(`writing ${name}`, write);
  }

  /** Encodes entries, one after the other, and submits them together; returns at once. */
  run(...entries: readonly string[]): void {
    this.submit('a run', (encoder) => this.encode(encoder, ...entries));
  }

  /**
   * Submits what `record` encodes.
   *
   * @param what the commands, for messages
   * @param inputs written before, by name
   */
  submit(
    what: string,
    record: (encoder: GPUCommandEncoder) => void,
    inputs: Readonly<Record<string, TensorData>> = {},
  ): void {
    const writes = Object.entries(inputs).map(([name, data]) => this.writing('input', name, data));
    this.guard(what, () => {
      for (const write of writes) write();
      const encoder = this.device.createCommandEncoder();
      record(encoder);
      this.device.queue.submit([encoder.finish()]);
    });
  }

  /** Encodes all dispatches of entries, one after the other, as one pass. */
  encode(encoder: GPUCommandEncoder, ...entries: readonly string[]): void {
    const steps = entries.flatMap((name) => this.stepsOf(name));
    for (const { overflow } of entries.map((name) => this.program.entries[name]))
      if (overflow) encoder.clearBuffer(this.buffers[overflow.buffer], overflow.offset, 4);
    const pass = encoder.beginComputePass();
    let current: GPUComputePipeline | undefined;
    for (const { pipeline, group, workgroups } of steps) {
      if (pipeline !== current) pass.setPipeline(pipeline);
      current = pipeline;
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...workgroups);
    }
    pass.end();
  }

  /** Encodes one dispatch of an entry as a pass of its own. */
  encodeDispatch(
    encoder: GPUCommandEncoder,
    entry: string,
    index: number,
    timestampWrites: GPUComputePassTimestampWrites,
  ): void {
    const { pipeline, group, workgroups } = this.stepsOf(entry)[index];
    const pass = encoder.beginComputePass({ timestampWrites });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...workgroups);
    pass.end();
  }

  /** Appends a copy of an entry's output into a buffer. */
  copyOutput(encoder: GPUCommandEncoder, entry: string, name: string, target: GPUBuffer, offset = 0): void {
    this.copy(encoder, this.output(entry, name), target, offset);
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

  /**
   * Waits for all that was submitted and reads tensors back as they are then, as flat row-major arrays. Throws as
   * {@link map}.
   */
  async read(kind: SourceKind, names: readonly string[]): Promise<Map<string, TensorData>> {
    return this.readAll(names.map((name) => this.tensor(kind, name)));
  }

  /**
   * Waits for all that was submitted and reads what an entry computed when it last ran, whatever ran after it, as flat
   * row-major arrays.
   *
   * @throws RuntimeError `half-overflow` where the entry keeps values in half precision, and one was beyond it; and as
   *   {@link map}
   */
  async readOutputs(entry: string, names: readonly string[]): Promise<Map<string, TensorData>> {
    const outputs = names.map((name) => this.output(entry, name));
    const { overflow } = this.entry(entry);
    if (!overflow) return this.readAll(outputs);
    const flag: TensorInfo = { name: '', dtype: 'i32', shape: [], ...overflow };
    const found = await this.readAll([...outputs, flag]);
    if (found.get(flag.name)![0] !== 0)
      throw new RuntimeError('half-overflow', `values of ${entry} exceed the range of half precision, 65504`);
    found.delete(flag.name);
    return found;
  }

  private async readAll(tensors: readonly TensorInfo[]): Promise<Map<string, TensorData>> {
    const sizes = tensors.map((t) => 4 * count(t));
    const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
    const staging = this.staging(sizes.reduce((a, b) => a + b, 0));
    try {
      this.submit('copying results', (encoder) => {
        tensors.forEach((t, i) => {
          if (sizes[i] > 0) this.copy(encoder, t, staging, starts[i]);
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

  private copy(encoder: GPUCommandEncoder, tensor: TensorInfo, target: GPUBuffer, offset: number): void {
    encoder.copyBufferToBuffer(this.buffers[tensor.buffer], tensor.offset, target, offset, 4 * count(tensor));
  }

  /** Bytes of all buffers, the uniforms included. */
  get bytes(): number {
    return this.buffers.reduce((n, { size }) => n + size, 0);
  }

  destroy(): void {
    for (const buffer of this.buffers) buffer.destroy();
  }

  /** What copies data into a tensor, once length and type are seen to be right. */
  private writing(kind: SourceKind, name: string, data: TensorData): () => void {
    const tensor = this.tensor(kind, name);
    if (data.length !== count(tensor)) {
      throw new RuntimeError(
        'bad-tensor',
        `${name} holds ${count(tensor)} values, ${data.length} were given`,
        `an array for [${tensor.shape.join(', ')}]`,
      );
    }
    if (data instanceof Int32Array !== (tensor.dtype === 'i32')) {
      const wanted = tensor.dtype === 'i32' ? 'an Int32Array of whole numbers' : 'a Float32Array';
      throw new RuntimeError('bad-tensor', `${name} is ${tensor.dtype}, other numbers were given`, wanted);
    }
    const { queue } = this.device;
    const buffer = this.buffers[tensor.buffer];
    return () => queue.writeBuffer(buffer, tensor.offset, data as Float32Array<ArrayBuffer>);
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

  private stepsOf(entry: string): readonly Step[] {
    this.entry(entry);
    return this.steps.get(entry)!;
  }

  private tensor(kind: SourceKind, name: string): SourceInfo {
    const tensor = this.tensors.get(`${kind}:${name}`);
    if (!tensor) throw new RuntimeError('bad-tensor', `the program has no ${kind} named ${name}`);
    return tensor;
  }

  private output(entry: string, name: string): TensorInfo {
    const tensor = this.entry(entry).outputs.find((t) => t.name === name);
    if (!tensor) throw new RuntimeError('bad-tensor', `the entry ${entry} has no output named ${name}`);
    return tensor;
  }
}

function count(tensor: TensorInfo): number {
  return tensor.shape.reduce((n, d) => n * d, 1);
}
