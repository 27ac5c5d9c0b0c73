import { describe, expect, test } from 'vitest';
import { deviceName, useDevice } from '../../../tests/device.ts';
import { kernelRenderer } from '../../compiler/renderer.ts';
import { GraphBuilder } from '../../ir/builder.ts';
import { Dim, formatDims } from '../../ir/dim.ts';
import { elementCount, type Shape } from '../../ir/graph.ts';
import { ShapeError } from '../../ir/op.ts';
import { planProgram } from '../../plan/plan.ts';
import { ops } from '../index.ts';
import { crossMerge, crossScan } from './cross-scan.ts';

const device = useDevice();

describe(`on ${deviceName} equals the reference`, () => {
  // The last has more than 65535 workgroups of 64.
  test.each([[[2, 3, 4, 5]], [[1, 1, 1, 1]], [[3, 5, 7, 2]], [[1, 20, 460, 460]]])(
    '%j',
    async (shape: Shape) => {
      const b = new GraphBuilder(ops);
      const x = b.source('input', 'x', shape);
      const y = b.apply('cross_scan', [x]);
      const merged = b.apply('cross_merge', [y], { height: shape[2], width: shape[3] });
      b.output('y', y);
      b.output('merged', merged);
      const graph = b.build();
      const target = device().target;
      const session = await device().open(
        planProgram({ forward: graph }, ops, kernelRenderer(), { model: 'cross', batch: shape[0], target }),
      );
      const data = Float32Array.from({ length: elementCount(shape) }, (_, i) => (i % 9973) + 1);
      session.write('input', 'x', data);
      session.run('forward');
      const results = await session.readOutputs('forward', ['y', 'merged']);
      session.destroy();
      const tensor = { shape, data: Float64Array.from(data) };
      const [truth] = crossScan.reference([tensor], {}, [graph.values[y].shape]);
      const got = results.get('y')!;
      expect(truth.data.every((t, i) => t === got[i])).toBe(true);
      // Each pixel comes back from four places.
      const sum = results.get('merged')!;
      expect(data.every((v, i) => sum[i] === 4 * v)).toBe(true);
    },
  );
});

describe('shape rules', () => {
  const f32 = (...dims: (Dim | number)[]) => ({
    dims: dims.map((d) => (typeof d === 'number' ? Dim.of(d) : d)),
    dtype: 'f32' as const,
  });

  test('take a free batch and are each other’s inverse', () => {
    const [y] = crossScan.shape([f32(Dim.B, 3, 4, 5)], {});
    expect(formatDims(y.dims)).toBe('[B, 4, 3, 20]');
    expect(formatDims(crossMerge.shape([y], { height: 4, width: 5 })[0].dims)).toBe('[B, 3, 4, 5]');
  });

  test('refuse what is no map, or another map’s sequences', () => {
    expect(() => crossScan.shape([f32(Dim.B, 3, 20)], {})).toThrow(ShapeError);
    expect(() => crossMerge.shape([f32(Dim.B, 4, 3, 20)], { height: 4, width: 4 })).toThrow(/4\*4/);
    expect(() => crossMerge.shape([f32(Dim.B, 3, 3, 20)], { height: 4, width: 5 })).toThrow(ShapeError);
  });
});
