import type { CompileOptions } from '../../src/wasm/compile/context.ts';
import { compileKernel } from '../../src/wasm/compile/kernel.ts';
import { encodeModule } from '../../src/wasm/encode/module.ts';
import { engine } from '../../src/wasm/engine.ts';
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
  const pages = Math.ceil(end / 65536) + 1;
  const memory = new engine.Memory({ initial: pages, maximum: pages });
  const bytes = encodeModule([kernel], { shared: false, initial: pages, maximum: pages });
  const { exports } = new engine.Instance(new engine.Module(bytes), { env: { memory } });
  const all = new Uint8Array(memory.buffer);
  buffers.forEach((b, k) => {
    all.set(new Uint8Array(b), starts[k]);
  });
  const bound = kernel.bindings.flatMap((n) => [starts[n], buffers[n].byteLength]);
  (exports['kernel'] as (...args: number[]) => void)(0, groups, groups, 1, 1, 65536, ...bound);
  return buffers.map((b, k) => memory.buffer.slice(starts[k], starts[k] + b.byteLength));
}
