import { describe, expect, test } from 'vitest';
import { deviceName, useDevice } from '../../../tests/device.ts';
import { buildScan, type ScanCase, scanErrors, scanName } from '../../../tests/ops/scan-cases.ts';
import { kernelRenderer } from '../../compiler/renderer.ts';
import { Dim, formatDims } from '../../ir/dim.ts';
import type { DeviceLimits } from '../../ir/kernel.ts';
import { ShapeError, type TensorType } from '../../ir/op.ts';
import type { Target } from '../../ir/target.ts';
import { ops } from '../../ops/index.ts';
import { selectiveScan } from '../../ops/scan/selective-scan.ts';
import { planProgram } from '../../plan/plan.ts';
import { portableTarget } from '../targets.ts';
import { chunking } from './chunked.ts';

const TOLERANCE = 1e-4;

const device = useDevice();

/** The adapter as a target, with some limits changed. */
function targetWith(over: Partial<DeviceLimits> = {}): Target {
  const own = device().target;
  return { ...own, limits: { ...own.limits, ...over } };
}

/** Runs both backends and returns the error of each output, relative to its largest value. */
async function errors(c: ScanCase): Promise<Map<string, number>> {
  const { graph, feeds } = buildScan(c);
  const program = planProgram({ forward: graph }, ops, kernelRenderer(), {
    model: 'scan',
    batch: c.batch,
    target: targetWith(c.maxBinding ? { maxStorageBufferBindingSize: c.maxBinding } : {}),
  });
  const session = await device().open(program);
  for (const [name, data] of feeds) if (session.has('input', name)) session.write('input', name, data);
  session.run('forward');
  const results = await session.readOutputs(
    'forward',
    graph.outputs.map((o) => o.name),
  );
  session.destroy();
  return scanErrors(c, graph, feeds, (name) => results.get(name)!);
}

describe(`selective_scan on ${deviceName} equals the reference, forward and all gradients`, () => {
  const cases: ScanCase[] = [
    // Around a block of 8 steps, which is a chunk of the backward pass.
    ...[1, 4, 7, 8, 9, 15, 16, 17].map((length) => ({ batch: 2, groups: 4, depth: 5, states: 4, length })),
    // Around a chunk of the forward pass (64 steps) where few channels make it split.
    ...[63, 64, 65, 127, 128, 129].map((length) => ({ batch: 1, groups: 1, depth: 6, states: 3, length })),
    ...[1, 5, 16, 24].map((states) => ({ batch: 1, groups: 4, depth: 6, states, length: 83 })),
    // More channels than a thread takes, and a last part that is not full.
    { batch: 1, groups: 2, depth: 77, states: 8, length: 21 },
    { batch: 2, groups: 1, depth: 33, states: 8, length: 100, softplus: false },
    // Slices that start in the middle of an image: the gradients of A, D and the bias add up over them.
    { batch: 3, groups: 4, depth: 5, states: 4, length: 50, maxBinding: 30_000 },
    // Slices of one pair's channels: the gradients of B and C add up over them, the last slice is a short one.
    { batch: 1, groups: 1, depth: 77, states: 16, length: 50, maxBinding: 60_000 },
    { batch: 2, groups: 3, depth: 70, states: 16, length: 41, maxBinding: 70_000 },
  ];
  test.each(cases.map((c) => [scanName(c), c] as const))('%s', async (_, c) => {
    for (const [name, error] of await errors(c)) expect(error, name).toBeLessThan(TOLERANCE);
  });

  test('a long sequence whose states live long', async () => {
    const c = { batch: 1, groups: 1, depth: 4, states: 4, length: 6401, bias: -6 };
    for (const [name, error] of await errors(c)) expect(error, name).toBeLessThan(TOLERANCE);
  });

  test('25600 steps', async () => {
    const c = { batch: 1, groups: 1, depth: 4, states: 2, length: 25600, bias: -6, forwardOnly: true };
    for (const [name, error] of await errors(c)) expect(error, name).toBeLessThan(TOLERANCE);
  });
});

describe('plan', () => {
  const dispatches = (c: ScanCase, over: Partial<DeviceLimits> = {}) =>
    planProgram({ forward: buildScan(c).graph }, ops, kernelRenderer(), {
      model: 'scan',
      batch: c.batch,
      target: targetWith(over),
    });

  test('chunks cover the sequence, and only few channels make several', () => {
    expect(chunking(portableTarget, { planes: 16, tiles: 8, length: 576 })).toEqual({
      blocks: 72,
      chunks: 1,
    });
    for (const length of [1, 8, 63, 64, 65, 1000, 25600]) {
      const { blocks, chunks } = chunking(portableTarget, { planes: 1, tiles: 2, length });
      expect(chunks * blocks * 8).toBeGreaterThanOrEqual(length);
      expect((chunks - 1) * blocks * 8).toBeLessThan(length);
    }
    expect(chunking(portableTarget, { planes: 1, tiles: 2, length: 25600 }).chunks).toBe(64);
  });

  test('few dispatches, and no more bindings than browsers promise', () => {
    const long = dispatches({ batch: 1, groups: 4, depth: 64, states: 8, length: 576 });
    expect(long.entries['forward'].dispatches.length).toBe(3 + 4);
    expect(long.requires.maxStorageBuffersPerShaderStage).toBeLessThanOrEqual(8);
    const short = dispatches({ batch: 4, groups: 4, depth: 16, states: 8, length: 8 });
    expect(short.entries['forward'].dispatches.length).toBe(2 + 3);
  });

  test('one pipeline serves all lengths and numbers of states', () => {
    const kernels = (length: number, states: number) =>
      planProgram(
        { forward: buildScan({ batch: 1, groups: 4, depth: 8, states, length }).graph },
        ops,
        kernelRenderer(),
        {
          model: 'scan',
          batch: 1,
          target: targetWith(),
        },
      ).kernels.map((k) => k.wgsl);
    expect(kernels(6400, 16)).toEqual(kernels(576, 5));
  });

  test('memory grows with L·D, not L·D·N', () => {
    // Scratch would be 2 N / 8 + 2 N / 32 numbers a channel and step; beyond 4 the work is done in slices.
    const c = { batch: 1, groups: 4, depth: 64, length: 1024 };
    const like = 4 * c.groups * c.depth * c.length;
    const tensors = (states: number) => {
      const { buffers } = dispatches({ ...c, states });
      return buffers.reduce((n, b) => n + b.size, 0) / like;
    };
    // u, delta, dy, y and two gradients besides; B, C and their gradients are N / 64 each.
    expect(tensors(8)).toBeLessThan(6 + 2.5 + 2);
    expect(tensors(32)).toBeLessThan(6 + 4 + 4 * 0.5 + 2);
  });

  test('nor with a single pair of image and group', () => {
    const c = { batch: 1, groups: 1, depth: 128, length: 1024 };
    const scratch = (states: number) => {
      const { requires } = dispatches({ ...c, states });
      return requires.maxStorageBufferBindingSize / (4 * c.depth * c.length);
    };
    // Unsliced they would be 5, 10 and 20 times u.
    for (const states of [16, 32]) expect(scratch(states)).toBeLessThan(4.1);
    // 32 of 128 channels are the least.
    expect(scratch(64)).toBeLessThan(20 / 4 + 0.2);
  });
});

describe('shape rule', () => {
  const at = (shapes: Record<string, readonly (number | Dim)[]>): TensorType[] =>
    Object.values(shapes).map((s) => ({
      dims: s.map((d) => (typeof d === 'number' ? Dim.of(d) : d)),
      dtype: 'f32',
    }));
  const good = {
    u: [Dim.B, 12, 50],
    delta: [Dim.B, 12, 50],
    A_log: [12, 3],
    B: [Dim.B, 4, 3, 50],
    C: [Dim.B, 4, 3, 50],
    D: [12],
    delta_bias: [12],
  };

  test('takes a free batch', () => {
    const [y] = selectiveScan.shape(at(good), {});
    expect(formatDims(y.dims)).toBe('[B, 12, 50]');
  });

  test.each([
    ['u', { u: [Dim.B, 12, 5, 10] }, 0],
    ['delta', { delta: [Dim.B, 12, 49] }, 1],
    ['A_log', { A_log: [11, 3] }, 2],
    ['B of another state size', { B: [Dim.B, 4, 2, 50] }, 3],
    ['B without groups', { B: [Dim.B, 3, 50] }, 3],
    ['groups that do not divide the channels', { B: [Dim.B, 5, 3, 50] }, 3],
    ['C unlike B', { C: [Dim.B, 2, 3, 50] }, 4],
    ['D', { D: [4] }, 5],
    ['delta_bias', { delta_bias: [12, 1] }, 6],
  ])('refuses %s', (_, change, operand) => {
    let thrown: unknown;
    try {
      selectiveScan.shape(at({ ...good, ...change }), {});
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ShapeError);
    expect((thrown as ShapeError).operands[0]).toBe(operand);
  });

  test('counts 9·B·D·L·N multiply-adds of the scan', () => {
    const shapes = [
      [2, 12, 50],
      [2, 12, 50],
      [12, 3],
    ];
    expect(selectiveScan.scanMacs!(shapes, {})).toBe(9 * 2 * 12 * 50 * 3);
  });
});
