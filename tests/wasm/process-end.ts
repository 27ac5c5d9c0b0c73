/** A process that leaves its session open: it ends by itself, once the result that it waits for is there. */
import { WasmSession } from '../../src/runtime/wasm/wasm-session.ts';
import { compileProgram } from '../../src/wasm/compile-program.ts';
import { handMade } from './hand-made.ts';

const work = `
@group(0) @binding(1) var<storage, read_write> x: array<i32>;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
  for (var k = 0u; k < 20000u; k++) {
    x[group.x] = x[group.x] * 3i + 1i;
  }
}`;
const program = handMade({ work }, { x: 4096 }, { work: [['work', ['x'], 4096]] });
const module = compileProgram(program, { bounds: 'trusted', relaxed: false });
const session = await WasmSession.create(program, module, { threads: 2 });
const [x] = await session.submit('work', ['work'], {}, [{ entry: 'work', name: 'x' }]).results();
console.log(x.length === 4096 ? 'done' : 'not done');
