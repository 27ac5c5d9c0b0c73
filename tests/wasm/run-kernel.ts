import { newMemory } from '../../src/runtime/wasm/engine.ts';
import { recordWords } from '../../src/runtime/wasm/layout.ts';
import type { CompileOptions } from '../../src/wasm/compile/context.ts';
import { compileKernel } from '../../src/wasm/compile/kernel.ts';
import { kernelFunctions } from '../../src/wasm/execute.ts';
import { interpretKernel } from '../../src/wasm/interpret/interpret.ts';
import { checkModule } from '../../src/wasm/wgsl/check-module.ts';

/** Buffers by the numbers of their bindings. */
type Buffers = readonly ArrayBuffer[];

/** The buffers as the interpreter leaves them. */
export function interpreted(wgsl: string, buffers: Buffers, groups: number): ArrayBuffer[] {
  const copies = buffers.map((b) => b.slice(0));
  interpretKernel(checkModule(wgsl), new Map(copies.map((b, k) => [k, new DataView(b)])), [groups, 1, 1]);
  return copies;
}

/** The buffers as compiled code leaves them. */
export function compiled(
  wgsl: string,
  buffers: Buffers,
  groups: number,
  options: CompileOptions,
): ArrayBuffer[] {
  const kernel = compileKernel('kernel', wgsl, options);
  const starts: number[] = [];
  let end = 65536 + Math.ceil(kernel.scratchBytes / 16) * 16;
  for (const b of buffers) {
    starts.push(end);
    end += Math.ceil(b.byteLength / 16) * 16;
  }
  const bound = buffers.map((b, n) => [n, [starts[n], b.byteLength]] as const);
  const record = recordWords([groups, 1, 1], new Map(bound), options.address);
  const pages = Math.ceil((end + record.byteLength) / 65536) + 1;
  const memory = newMemory(pages, options.address ?? 32, false);
  const [run] = kernelFunctions([kernel], memory, options.address);
  const all = new Uint8Array(memory.buffer);
  buffers.forEach((b, k) => {
    all.set(new Uint8Array(b), starts[k]);
  });
  all.set(new Uint8Array(record.buffer), end);
  run(0, groups, end, 65536);
  return buffers.map((b, k) => memory.buffer.slice(starts[k], starts[k] + b.byteLength));
}
