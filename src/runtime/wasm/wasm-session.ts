import type { Entry, ProgramPlan, SourceKind, TensorInfo } from '../../program/program.ts';
import { dataAt, elementCount, ProgramTensors, unlessBeyondHalf } from '../program-tensors.ts';
import { RuntimeError } from '../runtime-error.ts';
import {
  type DispatchTime,
  type OutputName,
  resultsOf,
  type Session,
  type Submitted,
  type TensorData,
} from '../session.ts';
import { Device, type DeviceOptions, type KernelModule } from './device.ts';
import { COMMAND } from './memory-map.ts';

/** Commands that do nothing by which the time is learnt that any takes. */
const EMPTY_RUNS = 21;

/**
 * A program made ready on the processor: its kernels as WebAssembly, in threads that share one memory with the caller.
 * The caller's thread never waits, and does nothing of the work unless no memory can be shared: then `run` and `submit`
 * return when it is done.
 */
export class WasmSession implements Session {
  readonly program: ProgramPlan;
  private readonly device: Device;
  private readonly tensors: ProgramTensors;

  private constructor(program: ProgramPlan, device: Device) {
    this.program = program;
    this.device = device;
    this.tensors = new ProgramTensors(program);
  }

  /**
   * @param module the program's kernels
   * @throws RuntimeError `adapter-limits` where the program needs more than its kernels address, or they have addresses
   *   of 64 bits and the engine does not; `out-of-memory`; `wasm-refused` where the engine does not take the kernels;
   *   `wasm-threads` where there are no threads, and several were asked for. Neither threads nor memory remain then.
   */
  static async create(
    program: ProgramPlan,
    module: KernelModule,
    options: DeviceOptions = {},
  ): Promise<WasmSession> {
    return new WasmSession(program, await Device.create(program, module, options));
  }

  get bytes(): number {
    return this.device.bytes;
  }

  /** That kernels run in; 0 where they run in the caller's. */
  get threads(): number {
    return this.device.threads;
  }

  has(kind: SourceKind, name: string): boolean {
    return this.tensors.has(kind, name);
  }

  entry(name: string): Entry {
    return this.tensors.entry(name);
  }

  write(kind: SourceKind, name: string, data: TensorData): void {
    this.put(this.tensors.written(kind, name, data), data);
  }

  run(...entries: readonly string[]): void {
    for (const name of entries) this.entry(name);
    this.device.working('a run');
    this.enqueue(entries);
  }

  submit(
    what: string,
    entries: readonly string[],
    inputs: Readonly<Record<string, TensorData>> = {},
    outputs: readonly OutputName[] = [],
  ): Submitted {
    // All is looked at before anything is done.
    const writes = Object.entries(inputs).map(
      ([name, data]) => [this.tensors.written('input', name, data), data] as const,
    );
    for (const name of entries) this.entry(name);
    const copies = outputs.map((output) => this.tensors.output(output));
    const givers = outputs.map(({ entry }) => entry);
    this.device.working(what);
    for (const [tensor, data] of writes) this.put(tensor, data);
    this.enqueue(entries);
    return this.keep(copies, givers);
  }

  async read(kind: SourceKind, names: readonly string[]): Promise<Map<string, TensorData>> {
    return this.fetch(
      names.map((name) => this.tensors.source(kind, name)),
      [],
    );
  }

  async readOutputs(entry: string, names: readonly string[]): Promise<Map<string, TensorData>> {
    this.entry(entry);
    return this.fetch(
      names.map((name) => this.tensors.output({ entry, name })),
      [entry],
    );
  }

  /**
   * Runs entries once, each dispatch by itself, and measures it: the time until the host knows that it is done, without
   * what that takes of a command that does nothing (some 50 µs).
   */
  async profile(...entries: readonly string[]): Promise<DispatchTime[]> {
    this.device.working('a measured run');
    const timed = async (start: number, end: number) => {
      const before = performance.now();
      this.device.add([COMMAND.run, start, end]);
      await this.device.done();
      return (performance.now() - before) * 1e6;
    };
    const nothing: number[] = [];
    for (let k = 0; k < EMPTY_RUNS; k++) nothing.push(await timed(0, 0));
    const overhead = nothing.sort((a, b) => a - b)[EMPTY_RUNS >> 1];
    const times: DispatchTime[] = [];
    for (const entry of entries) {
      for (const [k, { label, kernel }] of this.entry(entry).dispatches.entries()) {
        const at = this.device.layout.lists.get(entry)!.start + 4 * k;
        const nanoseconds = Math.max(0, (await timed(at, at + 4)) - overhead);
        times.push({ entry, label, kernel: this.program.kernels[kernel].name, nanoseconds });
      }
    }
    return times;
  }

  /** Ends the threads and lets go of the memory. Results that are awaited are refused. */
  destroy(): void {
    this.device.close(new RuntimeError('device-lost', 'the session was destroyed', 'a new session'));
  }

  private async fetch(
    tensors: readonly TensorInfo[],
    entries: readonly string[],
  ): Promise<Map<string, TensorData>> {
    const data = await resultsOf(this.keep(tensors, entries));
    return new Map(tensors.map((t, i) => [t.name, data[i]]));
  }

  private enqueue(entries: readonly string[]): void {
    for (const name of entries) {
      const { overflow } = this.program.entries[name];
      if (overflow) {
        this.device.clear(this.device.layout.buffers[overflow.buffer] + overflow.offset, 4);
      }
      const { start, end } = this.device.layout.lists.get(name)!;
      this.device.add([COMMAND.run, start, end]);
    }
  }

  private put(tensor: TensorInfo, data: TensorData): void {
    this.device.put(this.addressOf(tensor), data);
  }

  /** Copies of tensors as they are after all so far, and of what entries say of values in half precision. */
  private keep(tensors: readonly TensorInfo[], entries: readonly string[]): Submitted {
    const flags = this.tensors.overflowFlags(entries);
    const all = [...tensors, ...flags];
    const spans = all.map((t) => {
      const start = this.addressOf(t);
      return { start, end: start + 4 * elementCount(t) };
    });
    const kept = this.device.keep(spans);
    const results = async () => {
      const bytes = await kept.bytes();
      const data = all.map((t, i) => dataAt(t, bytes[i], 0));
      return unlessBeyondHalf(data, flags);
    };
    return { results, release: () => kept.release() };
  }

  private addressOf({ buffer, offset }: TensorInfo): number {
    return this.device.layout.buffers[buffer] + offset;
  }
}
