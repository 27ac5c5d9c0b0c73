import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import type { RuntimeError } from '../../src/runtime/runtime-error.ts';
import { engine } from '../../src/runtime/wasm/engine.ts';
import { WasmSession } from '../../src/runtime/wasm/wasm-session.ts';
import { compileProgram } from '../../src/wasm/compile-program.ts';
import { handMade } from './hand-made.ts';

const head = `
@group(0) @binding(1) var<storage, read_write> x: array<i32>;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
  let i = group.x;`;
const kernels = {
  long: `${head}\n  for (var k = 0u; k < 100000u; k++) {\n    x[i] = x[i] * 3i + 1i;\n  }\n}`,
  wild: `${head}\n  x[i + 1000000000u] = 1i;\n}`,
};
/** Large enough that sessions which keep their memory are noticed. */
const WORDS = 2 ** 23;
const program = handMade(
  kernels,
  { x: WORDS, y: 4 },
  { long: [['long', ['x'], 4096]], wild: [['wild', ['x'], 1]] },
);
const module = compileProgram(program, { bounds: 'trusted', relaxed: false });
const output = [{ entry: 'long', name: 'y' }];

const TASKS = '/proc/self/task';
/** Threads of this process, where the system tells. */
const threadCount = () => (existsSync(TASKS) ? readdirSync(TASKS).length : 0);

async function until(holds: () => boolean): Promise<boolean> {
  for (let k = 0; k < 200; k++) {
    if (holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

const codeOf = async (work: () => Promise<unknown>): Promise<string> =>
  work().then(
    () => 'none',
    (error: RuntimeError) => error.code,
  );

/** Ways in which a session comes to its end, with the code of what is thrown. */
const ends: readonly [what: string, code: string, end: () => Promise<unknown>][] = [
  [
    'a kernel stops',
    'wasm-trap',
    async () => {
      const session = await WasmSession.create(program, module, { threads: 2 });
      session.write('input', 'x', new Int32Array(WORDS).fill(1));
      session.run('wild');
      await session.read('input', ['y']);
    },
  ],
  [
    'it is destroyed while it runs',
    'device-lost',
    async () => {
      const session = await WasmSession.create(program, module, { threads: 2 });
      session.write('input', 'x', new Int32Array(WORDS).fill(1));
      const reading = session.submit('a run', ['long'], {}, output).results();
      session.destroy();
      await reading;
    },
  ],
  [
    'the engine does not take the kernels',
    'wasm-refused',
    () => WasmSession.create(program, { ...module, bytes: module.bytes.slice(0, -1) }, { threads: 2 }),
  ],
  [
    'a thread does not start',
    'wasm-threads',
    () => {
      // It imports a memory that is not shared.
      const bytes = module.bytes.slice();
      const at = Buffer.from(bytes).indexOf('memory') + 'memory'.length + 1;
      bytes[at] = 1;
      return WasmSession.create(program, { ...module, bytes }, { threads: 2 });
    },
  ],
  [
    'there is no memory',
    'out-of-memory',
    async () => {
      const spy = vi.spyOn(engine, 'Memory').mockImplementation(
        class {
          readonly buffer = new ArrayBuffer(0);
          constructor() {
            throw new RangeError('could not allocate memory');
          }
        },
      );
      try {
        await WasmSession.create(program, module, { threads: 2 });
      } finally {
        spy.mockRestore();
      }
    },
  ],
];

test('50 sessions that fail leave neither threads nor memory', async () => {
  await codeOf(ends[0][2]);
  const [threads, resident] = [threadCount(), process.memoryUsage().rss];
  for (let k = 0; k < 50; k++) {
    const [what, code, end] = ends[k % ends.length];
    expect(await codeOf(end), what).toBe(code);
  }
  expect(await until(() => threadCount() <= threads), `${threadCount()} threads, ${threads} before`).toBe(
    true,
  );
  // Each of 20 sessions had 32 MiB that were written to.
  const more = (process.memoryUsage().rss - resident) / 2 ** 20;
  expect(more, 'MiB more than before').toBeLessThan(200);
}, 60_000);

test('larger programs than 4 GiB are refused with what there is room for', async () => {
  const large = { ...program, buffers: [{ size: 2 ** 32, kind: 'values' as const }], bytes: 2 ** 32 };
  await expect(WasmSession.create(large, module)).rejects.toMatchObject({
    code: 'adapter-limits',
    message: expect.stringMatching(
      /^the program needs 4\.00 GiB, WebAssembly's memory has room for 3\.9\d GiB$/,
    ),
    hint: expect.stringMatching(/--memory 40\d\dMiB/),
  });
});

test('threads are whole numbers up to 16', async () => {
  for (const threads of [-1, 1.5, 17])
    await expect(WasmSession.create(program, module, { threads })).rejects.toMatchObject({
      code: 'wasm-threads',
    });
});

test('awaited work keeps the process alive, idle threads do not', () => {
  const file = new URL('./process-end.ts', import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', file], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(stdout).toBe('done\n');
}, 40_000);
