import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { cpuBackend } from '../../src/backend/cpu.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { GraphBuilder } from '../../src/ir/builder.ts';
import { ops } from '../../src/ops/index.ts';
import { Random } from '../../src/recipe/random.ts';
import { openProgram } from '../../src/runtime/compiled-model.ts';
import { hasMemory64 } from '../../src/runtime/wasm/compile-module.ts';
import { CpuDevice } from '../../src/runtime/wasm/cpu-device.ts';
import { WasmSession } from '../../src/runtime/wasm/wasm-session.ts';
import { compileProgram } from '../../src/wasm/compile-program.ts';
import { temporaryFolder } from '../cli/archc.ts';
import { TINY } from '../cli/tiny.ts';
import { npx } from '../determinism/engines.ts';
import { compiled } from '../program/compiled.ts';
import { handMade } from './hand-made.ts';

const GiB = 2 ** 30;
const NODE = '24.21.0';

test.runIf(!hasMemory64())(`on Node ${NODE}, which has addresses of 64 bits, they are right`, () => {
  const [command, ...args] = npx(NODE);
  const files = ['memory64.test.ts', 'memory64.full.test.ts', 'session.test.ts'];
  const run = ['node_modules/vitest/vitest.mjs', 'run', ...files.map((file) => `tests/wasm/${file}`)];
  const { status, stdout, stderr, error } = spawnSync(command, [...args, ...run], { encoding: 'utf8' });
  expect(error).toBeUndefined();
  expect(status, `${stdout}\n${stderr}`).toBe(0);
  expect(stdout).toMatch(/Test Files +3 passed \(3\)/);
});

// Each takes about 5 GiB while it runs.
describe.runIf(hasMemory64())('tensors beyond 4 GiB', () => {
  test('are written, computed, copied and read where they lie', async () => {
    const N = (3 * GiB) / 8;
    const kernel = (write: string, read: string) => `
@group(0) @binding(1) var<storage, read_write> ${write}: array<i32>;
@group(0) @binding(2) var<storage, read_write> ${read}: array<i32>;
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  ${write}[i] = 3i * ${read}[i] + i32(i);
}`;
    const program = handMade(
      { next: kernel('a', 'b'), last: kernel('s', 'c') },
      { x: N, y: N, z: N, s: 1024 },
      {
        forward: [
          ['next', ['y', 'x'], N / 256],
          ['next', ['z', 'y'], N / 256],
        ],
        // Of the end of z.
        last: [['last', ['s', 'z'], 4]],
      },
    );
    expect(program.bytes).toBeGreaterThan(4.5 * GiB);
    const dispatch = program.entries['last'].dispatches[0].bindings as [number, number, number][];
    dispatch[1] = [0, dispatch[1][1] + 4 * (N - 1024), 4096];
    const module = compileProgram(program, { bounds: 'trusted', relaxed: false, address: 64 });
    const session = await WasmSession.create(program, module, { threads: 2 });
    try {
      // x is 0.
      session.run('forward');
      const at = (i: number) => (4 * i) | 0;
      for (let round = 0; round < 3; round++) {
        const s = Int32Array.from({ length: 1024 }, (_, i) => i * round);
        // While the device is busy, so that it goes through staging.
        session.write('input', 's', s);
        const kept = session.submit('s', ['forward'], {}, [{ entry: 'forward', name: 's' }]);
        expect((await kept.results())[0]).toEqual(s);
        kept.release();
        session.run('forward', 'last');
        const found = (await session.readOutputs('last', ['s'])).get('s')!;
        expect(found).toEqual(s.map((_, i) => (Math.imul(3, at(N - 1024 + i)) + i) | 0));
      }
      // As a whole, across the line.
      const z = (await session.read('input', ['z'])).get('z')!;
      let wrong = 0;
      for (let i = 0; i < N; i++) if (z[i] !== at(i)) wrong++;
      expect(wrong).toBe(0);
    } finally {
      session.destroy();
    }
  });

  test('of a graph are what float64 says', async () => {
    const [rows, columns] = [3 * 2 ** 17, 1024];
    const b = new GraphBuilder(ops);
    const [w, v] = [b.source('input', 'w', [rows]), b.source('input', 'v', [columns])];
    const product = b.einsum('r, c -> r c', w, v);
    const once = b.apply('softmax', [product], { axis: 1 });
    const twice = b.apply('softmax', [once], { axis: 1 });
    b.output('y', b.einsum('r c, r c -> r', b.mul(product, once), twice));
    // With less it would compute the product again.
    const backend = cpuBackend(ops, kernelRenderer(), { threads: 2, memory: 6 * GiB });
    const executable = await backend.prepare({ forward: b.build() }, 'large', 1);
    expect(executable.bytes).toBeGreaterThan(4.5 * GiB);
    const random = Random.stream(1, 'large');
    const factors = Float32Array.from({ length: rows }, () => random.normal());
    const line = Float32Array.from({ length: columns }, () => random.normal());
    executable.write('input', 'w', factors);
    executable.write('input', 'v', line);
    executable.run('forward');
    const y = (await executable.readOutputs('forward', ['y'])).get('y')!;
    executable.destroy();
    const softmax = (x: Float64Array) => {
      const most = x.reduce((a, b) => Math.max(a, b));
      const e = x.map((one) => Math.exp(one - most));
      const sum = e.reduce((n, one) => n + one, 0);
      return e.map((one) => one / sum);
    };
    let largest = 0;
    let error = 0;
    for (let r = 0; r < rows; r += 97) {
      const x = Float64Array.from(line, (c) => Math.fround(c * factors[r]));
      const p = softmax(x);
      const q = softmax(p);
      const truth = x.reduce((n, one, c) => n + one * p[c] * q[c], 0);
      largest = Math.max(largest, Math.abs(truth));
      error = Math.max(error, Math.abs(truth - y[r]));
    }
    // As of all kernels in float32.
    expect(error / largest).toBeLessThan(1e-4);
  });

  test('a network trains on many copies of some images as on these', async () => {
    const [few, copies] = [13, 10_000];
    const random = Random.stream(1, 'images');
    const images = Float32Array.from({ length: few * 768 }, () => random.normal());
    const targets = Int32Array.from({ length: few * 256 }, () => random.integer(0, 3));
    const repeated = <T extends Float32Array | Int32Array>(data: T, into: T): T => {
      for (let at = 0; at < into.length; at += data.length) into.set(data, at);
      return into;
    };
    const trained = async (batch: number, image: Float32Array, target: Int32Array) => {
      const size = ['--batch', String(batch), '--memory', '6GiB'];
      const program = await openProgram(await compiled(temporaryFolder(), TINY, ...size, '--target', 'cpu'));
      const model = await program.start(new CpuDevice({ threads: 2 }), { steps: 3 });
      const steps = [];
      for (let t = 0; t < 3; t++) steps.push(await model.step({ image, target }));
      const { bytes } = model.session;
      model.destroy();
      return { bytes, steps };
    };
    const truth = await trained(few, images, targets);
    const count = few * copies;
    const found = await trained(
      count,
      repeated(images, new Float32Array(count * 768)),
      repeated(targets, new Int32Array(count * 256)),
    );
    expect(found.bytes).toBeGreaterThan(4 * GiB);
    // Sums over the batch are rounded otherwise, and steps add up what differs.
    for (const [t, { loss, gradNorm }] of found.steps.entries()) {
      expect(loss / truth.steps[t].loss).toBeCloseTo(1, 4);
      expect(gradNorm / truth.steps[t].gradNorm).toBeCloseTo(1, 3);
    }
    expect(found.steps[2].loss).toBeLessThan(found.steps[0].loss);
  });
});
