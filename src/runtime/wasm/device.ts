import type { ProgramPlan } from '../../program/program.ts';
import { RuntimeError } from '../runtime-error.ts';
import type { TensorData } from '../session.ts';
import { type Command, CommandQueue } from './command-queue.ts';
import { compileModule } from './compile-module.ts';
import { engine, type WasmMemory, type WasmModule } from './engine.ts';
import { coreCount, hasSharedMemory } from './host.ts';
import { layoutOf, type MemoryLayout, type Span, writeProgram } from './layout.ts';
import { checkAddresses, memoryOf } from './memory.ts';
import { type AddressBits, COMMAND, CONTROL, PAGE, placeWord } from './memory-map.ts';
import { forUnsharedMemory } from './module-bytes.ts';
import { Staging } from './staging.ts';
import { startThread, type Thread, type Trap } from './threads.ts';

/** A program's kernels as a module that imports a shared memory (`encodeModule` of src/wasm). */
export interface KernelModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Memory that a kernel may use beside its bindings. */
  readonly scratchBytes: number;
  /** By default 32. */
  readonly address?: AddressBits;
}

export interface DeviceOptions {
  /**
   * Threads that kernels run in, by default as many as there are cores. With 0 they run in the caller's, as they do where
   * no memory can be shared: what is asked for is then done when the call returns.
   */
  readonly threads?: number;
  /** Address of a file with `workerScript`, for pages whose content security policy forbids workers made of texts. */
  readonly script?: string | URL;
}

/** More than this have to share the memory's bandwidth. */
export const MOST_THREADS = 16;
/** How often a thread looks for something to do before it waits: some 30 µs, what waking it costs twice. */
const SPINS = 20_000;
/** ... where there are more threads than cores: another one may be waiting for this core. */
const FEW_SPINS = 200;

/** Copies of pieces of the memory as they were at a time. */
export interface Kept {
  bytes(): Promise<readonly ArrayBuffer[]>;
  release(): void;
}

/** Memory, threads and commands: what a program runs on. */
export class Device {
  readonly layout: MemoryLayout;
  /** 0: kernels run in the caller's thread. */
  readonly threads: number;
  readonly bytes: number;
  private readonly program: ProgramPlan;
  /** Let go of when the device is closed. */
  private open:
    | { readonly memory: WasmMemory; readonly queue: CommandQueue; readonly staging: Staging }
    | undefined;
  private workers: readonly Thread[] = [];
  /** Does what was asked for, in the caller's thread; `undefined` where threads do. */
  private walk: (() => void) | undefined;
  private failure: Error | undefined;
  /** What was last asked for, for messages. */
  private what = 'its start';
  /** Promises that somebody waits for. */
  private awaited = 0;

  private constructor(program: ProgramPlan, layout: MemoryLayout, memory: WasmMemory, threads: number) {
    this.program = program;
    this.layout = layout;
    this.threads = threads;
    this.bytes = layout.pages * PAGE;
    const queue = new CommandQueue(memory.buffer, () => this.wake());
    this.open = { memory, queue, staging: new Staging(layout.staging) };
  }

  /** See `WasmSession.create`. */
  static async create(
    program: ProgramPlan,
    { bytes, scratchBytes, address = 32 }: KernelModule,
    { threads, script }: DeviceOptions,
  ): Promise<Device> {
    const workers = threadsFor(threads);
    // The caller's is one, too.
    const running = Math.max(1, workers);
    checkAddresses(program, address);
    const layout = layoutOf(program, scratchBytes, running, address);
    const memory = memoryOf(layout, workers > 0);
    const device = new Device(program, layout, memory, workers);
    try {
      const words = new Int32Array(memory.buffer);
      words[CONTROL.share / 4] = 2 * running;
      words[CONTROL.spins / 4] = workers > coreCount() ? FEW_SPINS : SPINS;
      writeProgram(memory.buffer, layout, program, running);
      if (workers > 0) await device.startWorkers(bytes, script);
      else device.runHere(await compileModule(forUnsharedMemory(bytes)));
      return device;
    } catch (error) {
      device.close(error as Error);
      throw error;
    }
  }

  /** Notes what is asked for next. */
  working(what: string): void {
    this.what = what;
  }

  add(command: Command): void {
    this.open?.queue.add(command);
  }

  /** Makes bytes zero. */
  clear(address: number, bytes: number): void {
    this.add([COMMAND.clear, this.placeWord(address), bytes]);
  }

  private copied(to: number, from: number, bytes: number): Command {
    return [COMMAND.copy, this.placeWord(to), this.placeWord(from), bytes];
  }

  private placeWord(address: number): number {
    return placeWord(address, this.layout.address);
  }

  /** Copies data to an address, after all that was asked for before. They may change afterwards. */
  put(address: number, data: TensorData): void {
    if (!this.open) return;
    const { memory, queue, staging } = this.open;
    const source = bytesOf(data);
    const copyTo = (at: number, from: Uint8Array) => new Uint8Array(memory.buffer, at, from.length).set(from);
    queue.collect();
    if (queue.idle) {
      copyTo(address, source);
      return;
    }
    const at = staging.take(source.length);
    if (at === undefined) {
      const copy = source.slice();
      queue.addWork(() => copyTo(address, copy));
      return;
    }
    copyTo(at, source);
    queue.add(this.copied(address, at, source.length), () => staging.free(at));
  }

  /** Keeps what the memory holds there once all that was asked for is done. */
  keep(spans: readonly Span[]): Kept {
    if (!this.open) return { bytes: () => Promise.reject(this.failure), release: () => {} };
    const { memory, queue, staging } = this.open;
    const sizes = spans.map(({ start, end }) => end - start);
    // Copied by way of an array: a buffer's own `slice` of shared memory is shared, too.
    const copies = (starts: readonly number[]) =>
      starts.map((at, i) => new Uint8Array(memory.buffer, at, sizes[i]).slice().buffer);
    const starts = spans.map(({ start }) => start);
    const now = () => copies(starts);
    const total = sizes.reduce((n, size) => n + size, 0);
    const at = queue.idle ? undefined : staging.take(total);
    if (at === undefined) {
      let found: readonly ArrayBuffer[] | undefined;
      if (queue.idle) found = now();
      else queue.addWork(() => (found = now()));
      const done = found ? Promise.resolve() : queue.signal();
      return {
        bytes: () => this.waitFor(done.then(() => found!)),
        release: () => (found = undefined),
      };
    }
    let to = at;
    const places = sizes.map((size, i) => {
      queue.add(this.copied(to, starts[i], size));
      to += size;
      return to - size;
    });
    const done = queue.signal();
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      done.then(
        () => staging.free(at),
        () => {},
      );
    };
    return { bytes: () => this.waitFor(done.then(() => copies(places))), release };
  }

  /** Resolves once all that was asked for is done. */
  done(): Promise<void> {
    return this.open ? this.waitFor(this.open.queue.signal()) : Promise.reject(this.failure);
  }

  /** Ends all threads and lets go of the memory; who waits is told why. */
  close(error: Error): void {
    if (!this.open) return;
    const { memory, queue } = this.open;
    this.open = undefined;
    this.failure = error;
    const words = new Int32Array(memory.buffer);
    Atomics.store(words, CONTROL.quit / 4, 1);
    Atomics.add(words, CONTROL.version / 4, 1);
    Atomics.notify(words, CONTROL.version / 4);
    for (const worker of this.workers) worker.end();
    this.workers = [];
    queue.close(error);
  }

  /** Keeps the process alive until it is known how the promise ends. */
  private async waitFor<T>(promise: Promise<T>): Promise<T> {
    if (this.awaited++ === 0) for (const worker of this.workers) worker.hold(true);
    try {
      return await promise;
    } finally {
      if (--this.awaited === 0) for (const worker of this.workers) worker.hold(false);
    }
  }

  private async startWorkers(
    bytes: Uint8Array<ArrayBuffer>,
    script: string | URL | undefined,
  ): Promise<void> {
    const { memory, queue } = this.open!;
    let missing = this.threads;
    let allReady = () => {};
    let notReady: (error: Error) => void = () => {};
    const ready = new Promise<void>((resolve, reject) => {
      allReady = resolve;
      notReady = reject;
    });
    ready.catch(() => {});
    const workers: Thread[] = [];
    this.workers = workers;
    for (let k = 0; k < this.threads; k++) {
      const events = {
        ready: () => {
          if (--missing === 0) allReady();
        },
        signal: (number: number) => queue.done(number),
        failed: (trap: Trap) => {
          const error = missing > 0 ? startFailure(trap) : this.trapped(trap);
          this.close(error);
          notReady(error);
        },
      };
      workers.push(startThread(events, script));
    }
    // They start meanwhile.
    const module = await compileModule(bytes);
    workers.forEach((worker, k) => {
      worker.start({ module, memory, scratch: this.layout.scratch[k] });
    });
    await ready;
    for (const worker of workers) worker.hold(false);
  }

  private runHere(module: WasmModule): void {
    const { memory, queue } = this.open!;
    const done = (signal: number) => queue.done(signal);
    const { exports } = new engine.Instance(module, { env: { memory, done } });
    const walk = exports['walk'] as (scratch: number, mayWait: number) => void;
    this.walk = () => walk(this.layout.scratch[0], 0);
  }

  /** Tells the threads that there is a command. */
  private wake(): void {
    if (!this.open) return;
    if (this.walk) {
      try {
        this.walk();
      } catch (error) {
        const { message, stack } = error as Error;
        this.close(this.trapped({ message, stack: stack ?? '' }));
      }
      return;
    }
    const words = new Int32Array(this.open.memory.buffer);
    Atomics.add(words, CONTROL.version / 4, 1);
    // One is enough: it wakes others as far as there is work for them.
    Atomics.notify(words, CONTROL.version / 4, 1);
  }

  /** What stopped a kernel. Functions are counted, the imported one first, then the kernels. */
  private trapped({ message, stack }: Trap): RuntimeError {
    const found = /wasm-function\[(\d+)\]/.exec(stack);
    const kernel = found ? this.program.kernels[Number(found[1]) - 1] : undefined;
    const where = kernel ? `kernel ${kernel.name}` : 'the CPU device';
    return new RuntimeError('wasm-trap', `${where} stopped at ${this.what}: ${message}`);
  }
}

function startFailure({ message }: Trap): RuntimeError {
  return new RuntimeError('wasm-threads', `a thread did not start: ${message}`);
}

/**
 * Threads that kernels run in where so many are asked for, or nothing is; 0: the caller's.
 *
 * @throws RuntimeError `wasm-threads`
 */
export function threadsFor(wanted?: number): number {
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted >= 0 && wanted <= MOST_THREADS))
    throw new RuntimeError('wasm-threads', `there are 0 to ${MOST_THREADS} threads, not ${wanted}`);
  if (hasSharedMemory) return wanted ?? Math.min(MOST_THREADS, coreCount());
  if (wanted === undefined || wanted <= 1) return 0;
  throw new RuntimeError('wasm-threads', `${wanted} threads need memory that they share, which there is not`);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: TensorData): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
