/**
 * What a dispatch costs on the CPU device beside its work: `npm run bench dispatch [THREADS …]`, by default 1 and 2. Runs
 * lists of dispatches that do nothing, of one workgroup and of many, and of such with 16 workgroups that take a microsecond
 * each, in which all threads take part; microseconds a dispatch, best of the runs of a second.
 */
import { WasmSession } from '../src/runtime/wasm/wasm-session.ts';
import { compileProgram } from '../src/wasm/compile-program.ts';
import { handMade, type Line } from '../tests/wasm/hand-made.ts';

const DISPATCHES = 5000;
/** Short, so that on a machine that has other things to do some lists run undisturbed. */
const BUSY_DISPATCHES = 500;
const GROUPS = [1, 2, 16, 256, 4096];

const nothing = `
@group(0) @binding(1) var<storage, read_write> x: array<i32>;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
  if group.x == 0x7fffffffu {
    x[0] = 1i;
  }
}`;
const busy = `
@group(0) @binding(1) var<storage, read_write> x: array<i32>;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
  var v = x[64u * group.x];
  for (var k = 0u; k < 700u; k++) {
    v = v * 1664525i + 1013904223i;
  }
  x[64u * group.x] = v;
}`;
const lines = GROUPS.map((groups) => {
  const line: Line = ['nothing', ['x'], groups];
  return [`of${groups}`, new Array<Line>(DISPATCHES).fill(line)] as const;
});
const program = handMade(
  { nothing, busy },
  { x: 65536, word: 1 },
  {
    ...Object.fromEntries(lines),
    single: [['nothing', ['x'], 1]],
    busy: new Array<Line>(BUSY_DISPATCHES).fill(['busy', ['x'], 16]),
  },
);
const module = compileProgram(program, { bounds: 'trusted', relaxed: false });

async function best(run: () => Promise<unknown>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  const start = performance.now();
  while (performance.now() - start < 1000) {
    const before = performance.now();
    await run();
    least = Math.min(least, performance.now() - before);
  }
  return least;
}

const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 2];
console.log(
  `Node ${process.versions.node}, microseconds a dispatch\nthreads ${GROUPS.map((n) => `${n} groups`.padStart(12)).join('')}  16 of 1 µs`,
);
for (const threads of counts) {
  const session = await WasmSession.create(program, module, { threads });
  const word = (entry: string) => [{ entry, name: 'word' }];
  const cells: string[] = [];
  for (const [entry] of lines) {
    const ms = await best(() => session.submit('a run', [entry], {}, word(entry)).results());
    cells.push(((1000 * ms) / DISPATCHES).toFixed(3).padStart(12));
  }
  const ms = await best(() => session.submit('a run', ['busy'], {}, word('busy')).results());
  cells.push(((1000 * ms) / BUSY_DISPATCHES).toFixed(2).padStart(12));
  const idle = await best(() => session.submit('a run', ['single'], {}, word('single')).results());
  console.log(
    `${String(threads).padStart(7)} ${cells.join('')}   one alone, until the host has its result: ${(1000 * idle).toFixed(0)} µs`,
  );
  session.destroy();
}
