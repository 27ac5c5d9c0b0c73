import { engine } from '../../src/runtime/wasm/engine.ts';
import { recordWords } from '../../src/runtime/wasm/layout.ts';
import { compileKernel } from '../../src/wasm/compile/kernel.ts';
import { kernelFunctions } from '../../src/wasm/execute.ts';
import { best } from './protocol.ts';

/** GFLOP/s of products and sums in twelve registers, on one thread: more than any kernel can reach. */
export async function peak(relaxed: boolean): Promise<number> {
  const sums = Array.from({ length: 12 }, (_, k) => k);
  const wgsl = `
@group(0) @binding(0) var<storage, read_write> y: array<vec4<f32>>;
@compute @workgroup_size(1)
fn main() {
  let a = y[0];
${sums.map((k) => `  var s${k} = vec4<f32>(${k}.0f);`).join('\n')}
  for (var i = 0u; i < 1000000u; i++) {
${sums.map((k) => `    s${k} = fma(s${k}, a, a);`).join('\n')}
  }
  y[1] = ${sums.map((k) => `s${k}`).join(' + ')};
}`;
  const kernel = compileKernel('peak', wgsl, { bounds: 'trusted', relaxed });
  const memory = new engine.Memory({ initial: 3, maximum: 3 });
  const [run] = kernelFunctions([kernel], memory);
  const [y, record] = [65536, 65536 + 256];
  new Uint8Array(memory.buffer).set(
    new Uint8Array(recordWords([1, 1, 1], new Map([[0, [y, 64]]])).buffer),
    record,
  );
  const ms = await best(async () => run(0, 1, record, y), 1);
  return (12 * 4 * 2 * 1_000_000) / ms / 1e6;
}
