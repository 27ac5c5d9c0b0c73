import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { AcquiredDevice } from '../../src/adapter/acquire.ts';
import { deviceTarget } from '../../src/backend/device-target.ts';
import { planPortably } from '../../src/compiler/portable.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import type { Precision } from '../../src/ir/storage.ts';
import { valuesBytes } from '../../src/plan/budget.ts';
import { WebgpuSession } from '../../src/runtime/webgpu/session.ts';
import { relativeError } from '../ops/cases.ts';
import { fixtureNames, readFixture, setTexts, sourcesOf } from '../parity/fixture.ts';
import { counting } from '../runtime/counting.ts';
import { halfTolerance } from './half.ts';

const folder = fileURLToPath(new URL('../fixtures/networks', import.meta.url));

/** All networks that have a fixture. */
export const networkNames = fixtureNames(folder);

/** Networks predict in half precision, in the memory that the plan says, which is less than f32 takes. */
export function testInHalf(names: readonly string[], acquired: AcquiredDevice): void {
  const renderer = kernelRenderer();
  test.each(names)(
    '%s',
    async (name) => {
      const fixture = readFixture(folder, name);
      const { net, config, batch } = fixture.info;
      const model = openModel(net, { set: setTexts(config), batch });
      const target = deviceTarget(acquired);
      const plan = (precision: Precision) =>
        planPortably(model, { forward: model.graph }, renderer, { target, precision, verify: true });
      const [whole, half] = [plan('f32'), plan('f16')];
      expect(JSON.stringify(plan('f16'))).toBe(JSON.stringify(half));
      expect(half.requires.features).toEqual(['shader-f16']);
      expect(valuesBytes(half.buffers)).toBeLessThan(0.75 * valuesBytes(whole.buffers));

      const counted = counting(acquired.device);
      const session = await WebgpuSession.create(counted.device, half);
      expect([counted.bytes, session.bytes]).toEqual([half.bytes, half.bytes]);
      for (const [kind, source, data] of sourcesOf(fixture, model.inputs[0].name))
        if (session.has(kind, source)) session.write(kind, source, data);
      session.run('forward');
      const found = await session.readOutputs(
        'forward',
        model.outputs.map((o) => o.name),
      );
      session.destroy();
      const errors = model.outputs.map((o, i) =>
        relativeError(found.get(o.name)!, fixture.tensors.get(`y${i}`)!.data as Float32Array),
      );
      for (const error of errors) expect(error).toBeLessThan(halfTolerance(fixture));
    },
    600_000,
  );
}
