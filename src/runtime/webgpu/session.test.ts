import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../../adapter/acquire.ts';
import { kernelRenderer } from '../../compiler/renderer.ts';
import { GraphBuilder } from '../../ir/builder.ts';
import { portableLimits, portableTarget } from '../../kernels/targets.ts';
import { ops } from '../../ops/index.ts';
import { planProgram } from '../../plan/plan.ts';
import type { Dispatch, Program } from '../../program/program.ts';
import { StepReader } from '../step-reader.ts';
import { WebgpuSession } from './session.ts';
import { countingBuffers } from './testing.ts';

/** y = softmax(x) and two scalars named as a training step's, in several buffers and kernels. */
function example(): Program {
  const b = new GraphBuilder(ops);
  const x = b.source('input', 'x', [4, 8]);
  const soft = b.apply('softmax', [x], { axis: 1 });
  const loss = b.apply('mean', [soft], { axes: [0, 1] });
  b.output('y', soft);
  b.output('loss', loss);
  b.output('norm2', b.apply('mul', [loss, loss]));
  return planProgram({ forward: b.build() }, ops, kernelRenderer(), {
    model: 'example',
    batch: 4,
    target: portableTarget,
  });
}

const program = example();
const kernel = program.kernels[1].name;
const changed = (changes: Partial<Program>): Program => ({ ...program, ...changes });
const withText = (text: string | undefined): Program =>
  changed({ kernels: program.kernels.map((k) => (k.name === kernel ? { ...k, wgsl: text as string } : k)) });
const withDispatches = (dispatches: readonly Dispatch[]): Program =>
  changed({ entries: { forward: { ...program.entries['forward'], dispatches } } });

let acquired: AcquiredDevice;
beforeAll(async () => {
  acquired = await acquireDevice();
});
afterAll(() => acquired.destroy());

const counting = (changes?: Record<string, unknown>, device = acquired.device) =>
  countingBuffers(device, changes);

const x = Float32Array.from({ length: 32 }, (_, i) => Math.sin(i));

test('runs again and again, and leaves no buffer', async () => {
  const { device, live } = counting();
  for (let i = 0; i < 10; i++) {
    const session = await WebgpuSession.create(device, program);
    const own = live.size;
    expect(own).toBe(program.buffers.length + 1);
    session.write('input', 'x', x);
    session.run('forward');
    const y = (await session.readOutputs('forward', ['y', 'loss'])).get('y')!;
    expect(y[0] + y[1] + y[2] + y[3] + y[4] + y[5] + y[6] + y[7]).toBeCloseTo(1, 6);
    expect(live.size).toBe(own);
    const reader = new StepReader(session);
    for (let t = 1; t <= 4; t++) reader.submit(t, [{ entries: ['forward'] }]);
    expect(await reader.next()).toMatchObject({ step: 1, loss: expect.closeTo(0.125, 6) });
    reader.destroy();
    session.destroy();
    expect(live.size).toBe(0);
  }
});

test('copies of outputs are kept as they are right after, and inputs may change at once', async () => {
  const { device, live } = counting();
  const session = await WebgpuSession.create(device, program);
  const own = live.size;
  const given = x.slice();
  const y = [{ entry: 'forward', name: 'y' }];
  const first = session.submit('one', ['forward'], { x: given }, y);
  given.fill(0);
  const second = session.submit('another', ['forward'], { x: given }, y);
  const again = session.submit('copies', [], {}, [...y, ...y]);
  const nothing = session.submit('no results', ['forward']);
  expect(live.size).toBe(own + 4);
  const [of, flat] = await Promise.all([first.results(), second.results()]);
  expect(flat[0]).toEqual(new Float32Array(32).fill(1 / 8));
  expect(Math.max(...of[0])).toBeGreaterThan(0.14);
  expect(await again.results()).toEqual([flat[0], flat[0]]);
  expect(await nothing.results()).toEqual([]);
  for (const submitted of [first, second, again, nothing]) submitted.release();
  first.release();
  expect(live.size).toBe(own);
  // Nobody asked for these.
  session.submit('a third', ['forward'], {}, y).release();
  expect(() => session.submit('none', ['backward'])).toThrow(/no entry backward/);
  expect(() => session.submit('none', [], {}, [{ entry: 'forward', name: 'z' }])).toThrow(
    /no output named z/,
  );
  expect(live.size).toBe(own);
  session.destroy();
});

describe('what fails while a session is made has its own code, and no buffer remains', () => {
  const first = program.entries['forward'].dispatches[0];
  const misplaced = { ...first, bindings: first.bindings.map(([b, at, n]) => [b, at + 4, n] as const) };
  const huge = { kind: 'values', size: 2 ** 40 } as const;
  let pops = 0;
  const cases: [string, Program, Record<string, unknown>, string, RegExp, RegExp][] = [
    [
      'a kernel that does not compile',
      withText('@compute @workgroup_size(1)\nfn main() { let i: i32 = 1.5; }'),
      {},
      'shader-error',
      new RegExp(`^kernel ${kernel} does not compile: line 2, column \\d+: cannot convert`),
      /archc emit wgsl/,
    ],
    [
      'a kernel without the entry point',
      withText('@compute @workgroup_size(1) fn other() {}'),
      {},
      'shader-error',
      new RegExp(`^kernel ${kernel} is refused by the device: .*main`),
      /another adapter/,
    ],
    [
      'a kernel without text',
      withText(undefined),
      {},
      'shader-error',
      /has no text in the program/,
      /another adapter/,
    ],
    [
      'no memory for the second buffer',
      program,
      {
        // The innermost scope, of memory, is popped first of three.
        popErrorScope: async () => {
          await acquired.device.popErrorScope();
          return pops++ === 3 ? { message: 'VK_ERROR_OUT_OF_DEVICE_MEMORY' } : null;
        },
      },
      'out-of-memory',
      /^the device has no memory for buffer 2 of \d+ \(\w+, 0\.0 MiB of 0\.\d MiB in all\): VK_ERROR/,
      /smaller batch/,
    ],
    [
      'a buffer that no device makes',
      changed({ buffers: [...program.buffers, huge] }),
      {},
      'device-validation',
      /^the device refuses buffer \d of \d+ \(values, 1024\.00 GiB of .*: Buffer size/,
      /report it/,
    ],
    [
      'a binding at an odd place',
      withDispatches([misplaced]),
      {},
      'device-validation',
      /^the device refuses the bindings of a kernel: .*(offset|Offset|aligned)/,
      /report it/,
    ],
    [
      'limits of which two are too small',
      changed({ requires: { ...program.requires, maxBufferSize: 300 * 2 ** 20 } }),
      { limits: { ...portableLimits, maxStorageBuffersPerShaderStage: 1 } },
      'adapter-limits',
      /^the program needs maxStorageBuffersPerShaderStage \d, the device offers 1; maxBufferSize 300\.0 MiB, the device offers 256\.0 MiB$/,
      /another adapter \(archc doctor\), or a program made for/,
    ],
    [
      'a buffer limit that is too small',
      changed({ requires: { ...program.requires, maxBufferSize: 300 * 2 ** 20 } }),
      { limits: portableLimits },
      'adapter-limits',
      /maxBufferSize 300\.0 MiB, the device offers 256\.0 MiB$/,
      /a smaller batch or image/,
    ],
  ];

  test.each(cases)('%s', async (_name, wanted, changes, code, message, hint) => {
    pops = 0;
    const { device, live } = counting(changes);
    const error: unknown = await WebgpuSession.create(device, wanted).catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'RuntimeError', code });
    expect(error).toHaveProperty('message', expect.stringMatching(message));
    expect(error).toHaveProperty('hint', expect.stringMatching(hint));
    expect(live.size).toBe(0);
  });

  test('the device still works after all of these', async () => {
    const session = await WebgpuSession.create(acquired.device, program);
    session.run('forward');
    expect((await session.readOutputs('forward', ['loss'])).get('loss')![0]).toBeCloseTo(0.125, 6);
    session.destroy();
  });
});

describe('what fails later is told to whoever waits', () => {
  test('a run that breaks a rule', async () => {
    const [first, ...rest] = program.entries['forward'].dispatches;
    const dispatches = [{ ...first, workgroups: [1 << 20, 1, 1] as const }, ...rest];
    const session = await WebgpuSession.create(acquired.device, withDispatches(dispatches));
    session.run('forward');
    await expect(session.readOutputs('forward', ['y'])).rejects.toMatchObject({
      code: 'device-validation',
      message: expect.stringMatching(/^the device refuses a run: /),
    });
    session.destroy();
  });

  test('tensors that the program does not have', async () => {
    const session = await WebgpuSession.create(acquired.device, program);
    expect(() => session.write('input', 'x', x.subarray(1))).toThrow(/x holds 32 values, 31 were given/);
    expect(() => session.write('param', 'x', x)).toThrow(/no param named x/);
    expect(() => session.write('input', 'x', new Int32Array(32))).toThrow(
      /x is f32, other numbers were given/,
    );
    await expect(session.readOutputs('forward', ['z'])).rejects.toMatchObject({ code: 'bad-tensor' });
    session.destroy();
  });

  test('an error that no scope caught', async () => {
    const other = await acquireDevice();
    const session = await WebgpuSession.create(other.device, program);
    other.device.createBuffer({ size: 16, usage: 0xffff_ffff });
    await expect(session.readOutputs('forward', ['y'])).rejects.toMatchObject({ code: 'device-internal' });
    other.destroy();
  });

  test('the loss of the device, in every call that waits', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);
    const other = await acquireDevice();
    const { device, live } = counting({}, other.device);
    const session = await WebgpuSession.create(device, program);
    const reader = new StepReader(session);
    const lost = {
      code: 'device-lost',
      message: expect.stringMatching(/^the device was lost \(destroyed\)/),
    };
    for (let t = 1; t <= 4; t++) reader.submit(t, [{ entries: ['forward'] }]);
    const reading = session.readOutputs('forward', ['y']);
    other.device.destroy();
    await expect(reading).rejects.toMatchObject(lost);
    for (let t = 1; t <= 4; t++) await expect(reader.next()).rejects.toMatchObject(lost);
    session.run('forward');
    await expect(session.readOutputs('forward', ['y'])).rejects.toMatchObject(lost);
    await expect(WebgpuSession.create(device, program)).rejects.toMatchObject(lost);
    reader.destroy();
    session.destroy();
    expect(live.size).toBe(0);
    other.destroy();
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});
