import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../../src/adapter/acquire.ts';
import { trainingEntries } from '../../src/autodiff/entries.ts';
import { initialiseAll } from '../../src/compiler/initialise.ts';
import { trainSection } from '../../src/compiler/model.ts';
import { planPortably } from '../../src/compiler/portable.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import { storedTensors } from '../../src/language/model.ts';
import { ops } from '../../src/ops/index.ts';
import type { Program } from '../../src/program/program.ts';
import { WebgpuSession } from '../../src/runtime/webgpu/session.ts';
import { counting } from './counting.ts';

const spec = fileURLToPath(new URL('../golden/tiny.arch', import.meta.url));
const model = openModel(spec, { batch: 2 });
const training = openModel(spec, { batch: 2, training: true });
const section = trainSection(training);
const { entries } = trainingEntries(training, section, section.optimizer, ops, {
  predictor: model,
  accumulate: true,
  ema: true,
});
const program = planPortably(model, { forward: model.graph, ...entries }, kernelRenderer());
const names = Object.keys(program.entries);

let acquired: AcquiredDevice;
beforeAll(async () => {
  acquired = await acquireDevice();
});
afterAll(() => acquired?.destroy());

const padded = (count: number) => 256 * Math.ceil((4 * count) / 256);
const elements = ({ shape }: { readonly shape: readonly number[] }) => shape.reduce((n, d) => n * d, 1);

async function opened(changes: Record<string, unknown> = {}, of: Program = program) {
  const counted = counting(acquired.device, changes);
  return { counted, session: await WebgpuSession.create(counted.device, of) };
}

describe('memory of a program with all entries', () => {
  test('is what the plan says', async () => {
    expect(names).toEqual(
      expect.arrayContaining(['forward', 'gradients', 'update', 'loss', 'begin', 'accumulate', 'ema']),
    );
    const { counted, session } = await opened();
    expect(counted.bytes).toBe(program.bytes);
    expect(session.bytes).toBe(program.bytes);
    expect(counted.live.size).toBe(program.buffers.length + 1);
    session.destroy();
    expect(counted.live.size).toBe(0);
  });

  test('holds one set of weights, and no entry copies them', async () => {
    const weights = program.buffers.filter(({ kind }) => kind === 'weights');
    const stored = storedTensors(model).reduce((n, t) => n + padded(elements(t)), 0);
    expect(weights).toEqual([{ kind: 'weights', size: stored }]);
    const places = program.tensors.map(({ buffer, offset }) => `${buffer} ${offset}`);
    expect(new Set(places).size).toBe(places.length);
    const { counted, session } = await opened();
    const made = counted.bytes;
    for (const [name, data] of initialiseAll(storedTensors(model), 0)) session.write('param', name, data);
    session.run('gradients', 'update', 'forward', 'loss');
    await acquired.device.queue.onSubmittedWorkDone();
    expect(counted.bytes).toBe(made);
    expect(counted.calls.get('copyBufferToBuffer')).toBeUndefined();
    session.destroy();
  });

  test('carries hold packed gradients where they are computed: no dispatch copies them', () => {
    const carry = program.tensors.find((t) => t.kind === 'carry' && t.name === 'gradient.0')!;
    const end = carry.offset + 4 * elements(carry);
    const writers = program.entries['gradients'].dispatches.filter(({ bindings }) =>
      bindings.some(([buffer, at]) => buffer === carry.buffer && at >= carry.offset && at < end),
    );
    expect(writers.length).toBeGreaterThan(1);
    expect(writers.filter(({ label }) => /^(detach|affine|permute)$/.test(label))).toEqual([]);
  });

  test('an entry never needs more than there is, and less than all values without sharing', () => {
    const values = program.buffers.filter(({ kind }) => kind === 'values').reduce((n, b) => n + b.size, 0);
    for (const [name, { peak }] of Object.entries(program.entries))
      expect(peak, name).toBeLessThanOrEqual(values);
    // The largest entry decides; outputs of others come on top.
    const outputs = Object.values(program.entries).flatMap((e) => e.outputs.map((o) => padded(elements(o))));
    const most = Math.max(...Object.values(program.entries).map(({ peak }) => peak));
    expect(values).toBeLessThanOrEqual(most + outputs.reduce((a, b) => a + b, 0));
  });
});

describe('nothing is left on the device', () => {
  test('by 50 sessions that fail in the middle, at every stage', async () => {
    const { device } = acquired;
    let calls = 0;
    /** Lets the n-th call fail. */
    const failing = (method: string, at: number) => {
      const real = Reflect.get(device, method) as (...given: unknown[]) => unknown;
      return {
        [method]: (...given: unknown[]) => {
          if (++calls === at) throw new Error(`${method} fails`);
          return real.apply(device, given);
        },
      };
    };
    const total = program.buffers.length + 1;
    const stages: [string, number][] = [
      ['createShaderModule', program.kernels.length],
      ['createBindGroupLayout', program.kernels.length],
      ['createPipelineLayout', program.kernels.length],
      ['createComputePipelineAsync', program.kernels.length],
      ['createBindGroup', names.reduce((n, name) => n + program.entries[name].dispatches.length, 0)],
    ];
    for (let i = 0; i < 50; i++) {
      calls = 0;
      const [method, most] = stages[i % stages.length];
      const counted = counting(device, failing(method, 1 + ((7 * i) % most)));
      const error: unknown = await WebgpuSession.create(counted.device, program).catch((e: unknown) => e);
      expect(error, method).toMatchObject({ name: 'RuntimeError' });
      expect(counted.calls.get('createBuffer'), method).toBe(total);
      expect(counted.live.size, method).toBe(0);
    }
  });

  test('where a buffer cannot be made: those before it', async () => {
    for (let at = 0; at <= program.buffers.length; at++) {
      let made = 0;
      const counted = counting(acquired.device);
      const { createBuffer } = counted.device;
      const device = new Proxy(counted.device, {
        get: (target, key) =>
          key !== 'createBuffer'
            ? Reflect.get(target, key, target)
            : (descriptor: GPUBufferDescriptor) => {
                if (made++ === at) throw new Error('no memory');
                return createBuffer(descriptor);
              },
      });
      await expect(WebgpuSession.create(device, program)).rejects.toMatchObject({ name: 'RuntimeError' });
      expect(counted.live.size).toBe(0);
    }
  });

  test('by 500 predictions', async () => {
    const { counted, session } = await opened();
    const [input] = model.inputs;
    const [output] = model.outputs;
    for (const [name, data] of initialiseAll(storedTensors(model), 0)) session.write('param', name, data);
    const first = counted.live.size;
    let last: ArrayLike<number> = [];
    for (let i = 0; i < 500; i++) {
      session.write('input', input.name, new Float32Array(elements(input)).fill(i % 2));
      session.run('forward');
      last = (await session.readOutputs('forward', [output.name])).get(output.name)!;
      expect(counted.live.size).toBe(first);
    }
    expect(Array.from(last).every(Number.isFinite)).toBe(true);
    session.destroy();
    expect(counted.live.size).toBe(0);
  });
});
