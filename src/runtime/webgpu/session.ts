import { bytesText } from '../../program/bytes-text.ts';
import type { Entry, Program, SourceKind, TensorInfo } from '../../program/program.ts';
import { dataAt, elementCount, ProgramTensors, unlessBeyondHalf } from '../program-tensors.ts';
import { RuntimeError } from '../runtime-error.ts';
import { type OutputName, resultsOf, type Session, type Submitted, type TensorData } from '../session.ts';
import { healthOf, nextTask, scoped } from './device-faults.ts';
import { checkOffers } from './limits.ts';
import { BUFFER_USAGE, makeBuffers, makeSteps, type Step } from './prepare.ts';

/**
 * A program on a WebGPU device. Buffers, pipelines and bind groups are made once; `run` only encodes and submits.
 */
export class WebgpuSession implements Session {
  readonly device: GPUDevice;
  readonly program: Program;
  /** Those of the program, then the one of the uniforms. */
  private readonly buffers: readonly GPUBuffer[];
  private readonly steps: ReadonlyMap<string, readonly Step[]>;
  private readonly tensors: ProgramTensors;
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
    this.tensors = new ProgramTensors(program);
  }

  /**
   * @throws RuntimeError `adapter-limits` where the device's limits are too small for the program; `adapter-features`
   *   where it lacks a feature; `out-of-memory`; `shader-error` where it rejects a kernel; `device-lost`, `device-validation`, `device-internal`. No buffer
   *   remains then.
   */
  static async create(device: GPUDevice, program: Program): Promise<WebgpuSession> {
    checkOffers(device, program.requires);
    const health = healthOf(device);
    const buffers: GPUBuffer[] = [];
    try {
      await makeBuffers(device, program, buffers);
      const steps = await makeSteps(device, program, buffers);
      await nextTask();
      // A lost device makes anything without complaint.
      if (health.lost) throw health.lost;
      return new WebgpuSession(device, program, buffers, steps);
    } catch (error) {
      for (const buffer of buffers) buffer.destroy();
      await nextTask();
      throw health.lost ?? error;
    }
  }

  get bytes(): number {
    return this.buffers.reduce((n, { size }) => n + size, 0);
  }

  has(kind: SourceKind, name: string): boolean {
    return this.tensors.has(kind, name);
  }

  entry(name: string): Entry {
    return this.tensors.entry(name);
  }

  write(kind: SourceKind, name: string, data: TensorData): void {
    const write = this.writing(kind, name, data);
    this.guard(`writing ${name}`, write);
  }

  run(...entries: readonly string[]): void {
    const steps = this.stepsOf(entries);
    this.record('a run', (encoder) => this.encode(encoder, entries, steps));
  }

  submit(
    what: string,
    entries: readonly string[],
    inputs: Readonly<Record<string, TensorData>> = {},
    outputs: readonly OutputName[] = [],
  ): Submitted {
    const writes = Object.entries(inputs).map(([name, data]) => this.writing('input', name, data));
    const steps = this.stepsOf(entries);
    const tensors = outputs.map((output) => this.tensors.output(output));
    const flags = this.tensors.overflowFlags(outputs.map(({ entry }) => entry));
    const record = (encoder: GPUCommandEncoder) => this.encode(encoder, entries, steps);
    const kept = this.keeping(what, [...tensors, ...flags], record, writes);
    const results = async () => unlessBeyondHalf(await kept.results(), flags);
    return { results, release: kept.release };
  }

  async read(kind: SourceKind, names: readonly string[]): Promise<Map<string, TensorData>> {
    const tensors = names.map((name) => this.tensors.source(kind, name));
    const found = await resultsOf(this.keeping('copying results', tensors, () => {}));
    return new Map(names.map((name, i) => [name, found[i]]));
  }

  async readOutputs(entry: string, names: readonly string[]): Promise<Map<string, TensorData>> {
    const outputs = names.map((name) => ({ entry, name }));
    const found = await resultsOf(this.submit('copying results', [], {}, outputs));
    return new Map(names.map((name, i) => [name, found[i]]));
  }

  destroy(): void {
    for (const buffer of this.buffers) buffer.destroy();
  }

  /**
   * Submits what `commands` encodes.
   *
   * @param what the commands, for messages
   * @param writes done before
   */
  record(
    what: string,
    commands: (encoder: GPUCommandEncoder) => void,
    writes: readonly (() => void)[] = [],
  ): void {
    this.guard(what, () => {
      for (const write of writes) write();
      const encoder = this.device.createCommandEncoder();
      commands(encoder);
      this.device.queue.submit([encoder.finish()]);
    });
  }

  /** Encodes one dispatch of an entry as a pass of its own. */
  encodeDispatch(
    encoder: GPUCommandEncoder,
    entry: string,
    index: number,
    timestampWrites: GPUComputePassTimestampWrites,
  ): void {
    const { pipeline, group, workgroups } = this.stepsOf([entry])[index];
    const pass = encoder.beginComputePass({ timestampWrites });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...workgroups);
    pass.end();
  }

  /** A buffer that results are copied into and mapped from. It is the caller's to destroy. */
  staging(bytes: number): GPUBuffer {
    const size = Math.max(bytes, 4);
    const usage = BUFFER_USAGE.COPY_DST | BUFFER_USAGE.MAP_READ;
    return this.guard(`a buffer for results (${bytesText(size)})`, () =>
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

  /** Records commands and, behind them, copies of tensors into a buffer that is mapped once they are asked for. */
  private keeping(
    what: string,
    tensors: readonly TensorInfo[],
    commands: (encoder: GPUCommandEncoder) => void,
    writes?: readonly (() => void)[],
  ): Submitted {
    const sizes = tensors.map((t) => 4 * elementCount(t));
    const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
    const staging = this.staging(sizes.reduce((a, b) => a + b, 0));
    try {
      this.record(
        what,
        (encoder) => {
          commands(encoder);
          tensors.forEach(({ buffer, offset }, i) => {
            if (sizes[i] === 0) return;
            encoder.copyBufferToBuffer(this.buffers[buffer], offset, staging, starts[i], sizes[i]);
          });
          // Mapping waits for what uses the buffer.
          if (tensors.length === 0) encoder.clearBuffer(staging);
        },
        writes,
      );
    } catch (error) {
      staging.destroy();
      throw error;
    }
    const results = async () => {
      // Not before: Dawn in Node asks the device again and again while anything is awaited.
      await this.map(staging);
      const bytes = staging.getMappedRange().slice(0);
      return tensors.map((t, i) => dataAt(t, bytes, starts[i]));
    };
    return { results, release: () => staging.destroy() };
  }

  /** Encodes all dispatches of entries, one after the other, as one pass. */
  private encode(encoder: GPUCommandEncoder, entries: readonly string[], steps: readonly Step[]): void {
    for (const { overflow } of entries.map((name) => this.entry(name)))
      if (overflow) encoder.clearBuffer(this.buffers[overflow.buffer], overflow.offset, 4);
    if (steps.length === 0) return;
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

  /** What copies data into a tensor, once length and type are seen to be right. */
  private writing(kind: SourceKind, name: string, data: TensorData): () => void {
    const { buffer, offset } = this.tensors.written(kind, name, data);
    return () =>
      this.device.queue.writeBuffer(this.buffers[buffer], offset, data as Float32Array<ArrayBuffer>);
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

  private stepsOf(entries: readonly string[]): readonly Step[] {
    for (const name of entries) this.entry(name);
    return entries.flatMap((name) => this.steps.get(name)!);
  }
}
