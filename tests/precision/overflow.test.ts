import { afterAll, describe, expect, test } from 'vitest';
import { acquireDevice } from '../../src/adapter/acquire.ts';
import { deviceTarget } from '../../src/backend/device-target.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { GraphBuilder } from '../../src/ir/builder.ts';
import { ops } from '../../src/ops/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import type { Session } from '../../src/runtime/session.ts';
import { WebgpuSession } from '../../src/runtime/webgpu/session.ts';
import { roundToHalf } from '../../src/wasm/wgsl/arithmetic.ts';
import { HALF_EPSILON } from './half.ts';

const acquired = await acquireDevice();
afterAll(() => acquired.destroy());

/** x → exp, kept in half precision → turned round → 1 / it. Odd counts end within a word. */
function sessionOf(count: number): Promise<Session> {
  const b = new GraphBuilder(ops);
  const one = b.source('input', 'one', [1]);
  const y = b.mul(b.source('input', 'x', [count]), one);
  b.output('y', b.div(one, b.apply('flip', [y], { axes: [0] })));
  const own = deviceTarget(acquired);
  // The product is stored, not computed where it is loaded.
  const target = { ...own, measured: { ...own.measured, dispatch: -Number.MAX_VALUE } };
  const program = planProgram({ forward: b.build() }, ops, kernelRenderer(), {
    ...{ model: 'test', batch: 1, target, precision: 'f16' },
  });
  expect(program.entries['forward'].dispatches).toHaveLength(2);
  return WebgpuSession.create(acquired.device, program);
}

async function run(session: Session, x: readonly number[]): Promise<number[]> {
  session.write('input', 'one', Float32Array.of(1));
  session.write('input', 'x', Float32Array.from(x));
  session.run('forward');
  return Array.from((await session.readOutputs('forward', ['y'])).get('y')!);
}

describe.runIf(acquired.device.features.has('shader-f16'))('values in half precision', () => {
  test('are rounded to the nearest, up to the largest, and down to the smallest', async () => {
    const x = [1, -Math.PI, 65504, -65504, 1 / 3, 6.1e-5, 3.1e-5, 1000.4999, 0.1];
    const session = await sessionOf(x.length);
    const found = await run(session, x);
    session.destroy();
    [...x].reverse().forEach((v, i) => {
      expect(Math.abs(1 / found[i] - roundToHalf(v)) / Math.abs(v)).toBeLessThanOrEqual(2 * HALF_EPSILON);
    });
  });

  // Where such a number goes next it is no more: its inverse is 0.
  test.each([
    ['beyond the largest', 65600],
    ['far beyond it', -1e30],
    ['infinite', Number.POSITIVE_INFINITY],
    ['no number', Number.NaN],
  ])('that are %s make the run fail, and no later one', async (_, wrong) => {
    const session = await sessionOf(5);
    const fine = await run(session, [1, 2, 3, 4, 5]);
    expect(fine.every(Number.isFinite)).toBe(true);
    await expect(run(session, [1, 2, wrong, 4, 5])).rejects.toMatchObject({
      name: 'RuntimeError',
      code: 'half-overflow',
      hint: /--precision f16/,
    });
    expect(await run(session, [1, 2, 3, 4, 5])).toEqual(fine);
    session.destroy();
  });
});
