import type { Program, TensorInfo } from '../program/program.ts';
import type { CompileOptions } from './compile/context.ts';
import { type CompiledKernel, compileKernel } from './compile/kernel.ts';
import { encodeModule } from './encode/module.ts';
import { engine, type WasmMemory } from './engine.ts';

const PAGE = 65536;
/** No access below the first buffer: see `MOST_OFFSET` of compile/linear.ts. */
const GUARD = 65536;
/** Buffers begin at multiples of it. */
const ALIGNMENT = 256;

type KernelFunction = (...args: readonly number[]) => void;

/** A program whose kernels run as WebAssembly, on one thread, one dispatch after the other. */
export class WasmProgram {
  private readonly program: Program;
  readonly memory: WasmMemory;
  readonly kernels: readonly CompiledKernel[];
  /** By the numbers of kernels; their parameters are those of {@link argumentsOf}. */
  readonly functions: readonly KernelFunction[];
  private readonly scratch: number;
  private readonly uniforms: number;
  private readonly buffers: readonly number[] = [];

  /** @throws WgslError where a kernel is not supported; RangeError where there is not enough memory */
  constructor(program: Program, options: CompileOptions) {
    this.program = program;
    this.kernels = program.kernels.map((k) => compileKernel(k.name, k.wgsl, options));
    let end = GUARD;
    const take = (bytes: number): number => {
      const at = end;
      end = Math.ceil((at + bytes) / ALIGNMENT) * ALIGNMENT;
      return at;
    };
    this.scratch = take(Math.max(0, ...this.kernels.map((k) => k.scratchBytes)));
    this.uniforms = take(4 * program.uniforms.length);
    this.buffers = program.buffers.map((b) => take(b.size));
    const pages = Math.ceil((end + GUARD) / PAGE);
    this.memory = new engine.Memory({ initial: pages, maximum: pages });
    const bytes = encodeModule(this.kernels, { shared: false, initial: pages, maximum: pages });
    const { exports } = new engine.Instance(new engine.Module(bytes), {
      env: { memory: this.memory },
    });
    this.functions = this.kernels.map((k) => exports[k.name] as KernelFunction);
    new Uint32Array(this.memory.buffer, this.uniforms, program.uniforms.length).set(
      program.uniforms.map((w) => w >>> 0),
    );
  }

  /** What a tensor holds: a view, which is changed by writing to it and by what runs. */
  view({ buffer, offset, shape, dtype }: TensorInfo): Float32Array | Int32Array {
    const count = shape.reduce((n, d) => n * d, 1);
    const View = dtype === 'i32' ? Int32Array : Float32Array;
    return new View(this.memory.buffer, this.buffers[buffer] + offset, count);
  }

  run(entry: string): void {
    const { dispatches, overflow } = this.program.entries[entry];
    if (overflow)
      new Uint32Array(this.memory.buffer, this.buffers[overflow.buffer] + overflow.offset, 1)[0] = 0;
    for (const d of dispatches) this.functions[d.kernel](...this.argumentsOf(d));
  }

  /** Of one dispatch, all its workgroups. */
  argumentsOf({
    kernel,
    bindings,
    uniforms,
    workgroups,
  }: Program['entries'][string]['dispatches'][number]): number[] {
    const [x, y, z] = workgroups;
    const bound = this.kernels[kernel].bindings.flatMap((n) => {
      if (n === 0) return [this.uniforms + uniforms[0], uniforms[1]];
      const [buffer, offset, size] = bindings[n - 1];
      return [this.buffers[buffer] + offset, size];
    });
    return [0, x * y * z, x, y, z, this.scratch, ...bound];
  }
}
