import { afterEach, describe, expect, test } from 'vitest';
import type { Program } from '../../src/program/program.ts';
import { hasMemory64 } from '../../src/runtime/wasm/compile-module.ts';
import type { AddressBits } from '../../src/runtime/wasm/memory-map.ts';
import { WasmSession } from '../../src/runtime/wasm/wasm-session.ts';
import { compileProgram } from '../../src/wasm/compile-program.ts';
import { Dice } from '../ops/random-draft.ts';
import { handMade, type Line } from './hand-made.ts';

const N = 4096;

const kernel = (bindings: readonly string[], body: string): string => `
${bindings.map((name, k) => `@group(0) @binding(${k + 1}) var<storage, read_write> ${name}: array<i32>;`).join('\n')}
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
  let i = group.x;
${body}
}`;

const kernels = {
  /** x becomes 3 x + 1. */
  step: kernel(['x'], '  x[i] = 3i * x[i] + 1i;'),
  /** y is x the other way round, so that each element comes from what another thread may have made. */
  turn: kernel(['x', 'y'], `  y[i] = x[${N - 1}u - i];`),
  /** Some work for each workgroup. */
  long: kernel(
    ['x'],
    '  var v = x[i];\n  for (var k = 0u; k < 1000u; k++) {\n    v = v * 1664525i + 1013904223i;\n  }\n  x[i] = v;',
  ),
  /** Reads and writes far beyond the memory. */
  wild: kernel(['x'], '  x[i + 1000000000u] = x[i + 1000000000u] + 1i;'),
};

const lines: Readonly<Record<string, readonly Line[]>> = {
  step: [['step', ['x'], N]],
  small: [['step', ['s'], 3]],
  turns: [
    ['turn', ['x', 'y'], N],
    ['step', ['y'], N],
    ['turn', ['y', 'x'], N],
  ],
  long: [['long', ['x'], N]],
  wild: [['wild', ['x'], 1]],
};
const program = handMade(kernels, { x: N, y: N, s: 3 }, lines);
const moduleOf = (address: AddressBits) =>
  compileProgram(program, { bounds: 'trusted', relaxed: false, address });
const modules = { 32: moduleOf(32), 64: moduleOf(64) };

const sessions: WasmSession[] = [];
async function openWith(threads: number, address: AddressBits, wanted: Program): Promise<WasmSession> {
  const session = await WasmSession.create(wanted, modules[address], { threads });
  sessions.push(session);
  return session;
}
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
});

/** Numbers of threads, and bits of addresses as far as the engine has them (memory64.test.ts says what is else). */
const ways: readonly (readonly [threads: number, address: AddressBits])[] = [
  ...[0, 1, 2, 3, 8].map((threads) => [threads, 32] as const),
  ...(hasMemory64() ? [0, 2].map((threads) => [threads, 64] as const) : []),
];
const stepped = (x: number, times: number): number => {
  for (let k = 0; k < times; k++) x = (Math.imul(3, x) + 1) | 0;
  return x;
};
const xs = Int32Array.from({ length: N }, (_, i) => i);
const outputs = (entry: string, name: string) => [{ entry, name }];

describe.each(ways)('with %i threads, addresses of %i bits', (threads, address) => {
  const open = (wanted = program) => openWith(threads, address, wanted);

  test('dispatches see what those before them stored', async () => {
    const session = await open();
    session.write('input', 'x', xs);
    for (let k = 0; k < 200; k++) session.run('turns');
    const x = (await session.read('input', ['x'])).get('x')!;
    expect(x).toEqual(xs.map((v) => stepped(v, 200)));
  });

  test('more commands than the ring holds are done in their order', async () => {
    const session = await open();
    session.write('input', 'x', xs);
    const kept = [];
    for (let k = 1; k <= 1000; k++) {
      const submitted = session.submit(
        `step ${k}`,
        ['small'],
        { s: Int32Array.of(k, 2 * k, 3 * k) },
        outputs('small', 's'),
      );
      kept.push(submitted);
    }
    session.run('step');
    for (const [i, submitted] of kept.entries()) {
      const k = i + 1;
      const [s] = await submitted.results();
      expect([...s]).toEqual([stepped(k, 1), stepped(2 * k, 1), stepped(3 * k, 1)]);
      submitted.release();
    }
    const x = (await session.read('input', ['x'])).get('x')!;
    expect(x).toEqual(xs.map((v) => stepped(v, 1)));
  });

  test('results stay as they were while later steps run, also those too large for staging', async () => {
    const session = await open();
    session.write('input', 'x', xs);
    const kept = Array.from({ length: 30 }, (_, k) =>
      session.submit(`step ${k}`, ['step'], {}, [
        { entry: 'step', name: 'x' },
        { entry: 'step', name: 'y' },
      ]),
    );
    for (let k = 29; k >= 0; k--) {
      const [x] = await kept[k].results();
      expect(x[7]).toBe(stepped(7, k + 1));
      expect(x.every((v, i) => v === stepped(i, k + 1))).toBe(true);
    }
    // Again, as they were.
    expect((await kept[3].results())[0][7]).toBe(stepped(7, 4));
    for (const submitted of kept) submitted.release();
  });

  test('data may change once they are written, and writes wait for what ran before', async () => {
    const session = await open();
    const data = new Int32Array(N);
    session.write('input', 'x', data);
    const kept = [];
    for (let k = 0; k < 100; k++) {
      session.run('long');
      data.fill(k);
      session.write('input', 'x', data);
      data.fill(-1);
      kept.push(session.submit('a step', ['step'], {}, outputs('step', 'x')));
    }
    for (const [k, submitted] of kept.entries()) {
      const [x] = await submitted.results();
      expect(x.every((v) => v === stepped(k, 1))).toBe(true);
      submitted.release();
    }
  });

  test('random lists of dispatches, of all sizes', async () => {
    const dice = new Dice(threads);
    const many = Object.fromEntries(
      Array.from({ length: 20 }, (_, e) => {
        const list = Array.from({ length: 150 }, (): Line => {
          const groups = dice.below(3) === 0 ? 1 + dice.below(N) : 1 + dice.below(40);
          return dice.below(4) === 0
            ? ['turn', dice.below(2) === 0 ? ['x', 'y'] : ['y', 'x'], N]
            : ['step', [dice.below(2) === 0 ? 'x' : 'y'], groups];
        });
        return [`e${e}`, list];
      }),
    );
    const session = await open(handMade(kernels, { x: N, y: N, s: 3 }, many));
    const truth: Record<string, Int32Array> = { x: xs.slice(), y: new Int32Array(N) };
    session.write('input', 'x', xs);
    for (let round = 0; round < 30; round++) {
      const entry = `e${dice.below(20)}`;
      session.run(entry);
      for (const [name, bindings, groups] of many[entry]) {
        const [a, b] = bindings.map((t) => truth[t]);
        if (name === 'turn') b.set(a.slice().reverse());
        else for (let i = 0; i < groups; i++) a[i] = stepped(a[i], 1);
      }
      // Threads fall asleep now and then.
      if (dice.below(10) === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const found = await session.read('input', ['x', 'y']);
    expect(found.get('x')).toEqual(truth['x']);
    expect(found.get('y')).toEqual(truth['y']);
  });

  test('a kernel that stops is told to whoever waits, then and later', async () => {
    const session = await open();
    const before = session.submit('step 1', ['step'], {}, outputs('step', 'x'));
    expect((await before.results()).length).toBe(1);
    const stopped = session.submit('step 2', ['wild'], {}, outputs('wild', 'x'));
    const error = {
      name: 'RuntimeError',
      code: 'wasm-trap',
      message: expect.stringMatching(/^kernel wild stopped at .*: .*memory access out of bounds/),
    };
    await expect(stopped.results()).rejects.toMatchObject(error);
    stopped.release();
    session.run('step');
    session.write('input', 'x', xs);
    await expect(session.read('input', ['x'])).rejects.toMatchObject(error);
    await expect(
      session.submit('step 3', ['step'], {}, outputs('step', 'x')).results(),
    ).rejects.toMatchObject(error);
  });

  test('a session that is destroyed while it runs refuses what is awaited', async () => {
    const session = await open();
    for (let k = 0; k < 20; k++) session.run('long');
    const reading = session.read('input', ['x']);
    session.destroy();
    if (threads === 0) await reading;
    else await expect(reading).rejects.toMatchObject({ code: 'device-lost' });
    await expect(session.read('input', ['x'])).rejects.toMatchObject({ code: 'device-lost' });
    session.destroy();
  });
});
