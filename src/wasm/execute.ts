import type { Dispatch, Program, TensorInfo } from '../program/program.ts';
import { dataAt } from '../runtime/program-tensors.ts';
import type { TensorData } from '../runtime/session.ts';
import { engine, newMemory, type WasmMemory } from '../runtime/wasm/engine.ts';
import { recordWords } from '../runtime/wasm/layout.ts';
import { type AddressBits, GUARD, PAGE, RECORD } from '../runtime/wasm/memory-map.ts';
import { forUnsharedMemory } from '../runtime/wasm/module-bytes.ts';
import type { CompileOptions } from './compile/context.ts';
import { type CompiledKernel, compileKernel } from './compile/kernel.ts';
import { encodeModule } from './encode/module.ts';

/** Buffers begin at multiples of it. */
const ALIGNMENT = 256;

/** First workgroup, the one behind the last, address of the record, and of scratch memory. */
export type KernelArguments = readonly [first: number, end: number, record: number, scratch: number];
type RunKernel = (...args: KernelArguments) => void;

/** Kernels as functions on a memory of this thread, whose addresses have so many bits. */
export function kernelFunctions(
  kernels: readonly CompiledKernel[],
  memory: WasmMemory,
  address: AddressBits = 32,
): RunKernel[] {
  const module = new engine.Module(forUnsharedMemory(encodeModule(kernels, address)));
  const { exports } = new engine.Instance(module, { env: { memory, done: () => {} } });
  return kernels.map((k) => exports[k.name] as RunKernel);
}

/**
 * A program whose kernels run on this thread, one dispatch after the other, and whose memory lies open: for tests and
 * benchmarks of kernels.
 */
export class WasmProgram {
  private readonly program: Program;
  private readonly address: AddressBits;
  readonly memory: WasmMemory;
  readonly kernels: readonly CompiledKernel[];
  /** By the numbers of kernels; their parameters are those of {@link argumentsOf}. */
  readonly functions: readonly RunKernel[];
  private readonly scratch: number;
  private readonly uniforms: number;
  private readonly record: number;
  private readonly buffers: readonly number[] = [];

  /** @throws WgslError where a kernel is not supported; RangeError where there is not enough memory */
  constructor(program: Program, options: CompileOptions) {
    this.program = program;
    this.address = options.address ?? 32;
    this.kernels = program.kernels.map((k) => compileKernel(k.name, k.wgsl, options));
    let end = GUARD;
    const take = (bytes: number): number => {
      const at = end;
      end = Math.ceil((at + bytes) / ALIGNMENT) * ALIGNMENT;
      return at;
    };
    this.scratch = take(Math.max(0, ...this.kernels.map((k) => k.scratchBytes)));
    this.uniforms = take(4 * program.uniforms.length);
    this.record = take(RECORD.address(1 + Math.max(0, ...program.kernels.map((k) => k.bindings.length))));
    this.buffers = program.buffers.map((b) => take(b.size));
    const pages = Math.ceil((end + GUARD) / PAGE);
    this.memory = newMemory(pages, this.address, false);
    this.functions = kernelFunctions(this.kernels, this.memory, this.address);
    new Uint32Array(this.memory.buffer, this.uniforms, program.uniforms.length).set(
      program.uniforms.map((w) => w >>> 0),
    );
  }

  /** What a tensor holds: a view, which is changed by writing to it and by what runs. */
  view(tensor: TensorInfo): TensorData {
    return dataAt(tensor, this.memory.buffer, this.buffers[tensor.buffer] + tensor.offset);
  }

  run(entry: string): void {
    const { dispatches, overflow } = this.program.entries[entry];
    if (overflow)
      new Uint32Array(this.memory.buffer, this.buffers[overflow.buffer] + overflow.offset, 1)[0] = 0;
    for (const d of dispatches) this.functions[d.kernel](...this.argumentsOf(d));
  }

  /** What a dispatch binds, by the numbers of bindings. */
  bindingsOf({ kernel, bindings, uniforms }: Dispatch): ReadonlyMap<number, readonly [number, number]> {
    const place = (n: number): readonly [number, number] => {
      if (n === 0) return [this.uniforms + uniforms[0], uniforms[1]];
      const [buffer, offset, size] = bindings[n - 1];
      return [this.buffers[buffer] + offset, size];
    };
    return new Map(this.kernels[kernel].bindings.map((n) => [n, place(n)]));
  }

  /** Of one dispatch, all its workgroups; they hold until the next call. */
  argumentsOf(d: Dispatch): KernelArguments {
    const words = recordWords(d.workgroups, this.bindingsOf(d), this.address);
    new Uint32Array(this.memory.buffer, this.record, words.length).set(words);
    return [0, d.workgroups.reduce((n, size) => n * size), this.record, this.scratch];
  }
}
