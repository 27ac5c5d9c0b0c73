import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dimsOf, formatDims } from '../../ir/dim.ts';
import { type Attrs, elementCount, type Shape, stridesOf } from '../../ir/graph.ts';
import type { PrimitiveOp, RefTensor } from '../../ir/op.ts';
import { eachCoordinate } from '../geometry.ts';
import { ops } from '../index.ts';

/*
 * Convolutions over one, two and three axes are one implementation. Specs have ops for one and two; what a third would
 * need besides is kernels.
 */

const op = (name: string) => ops.get(name) as PrimitiveOp;
const small = (min: number, max: number) => fc.integer({ min, max });

const axis = fc
  .record({
    size: small(1, 4),
    kernel: small(1, 3),
    stride: small(1, 2),
    dilation: small(1, 2),
    before: small(0, 2),
    after: small(0, 1),
  })
  .filter((a) => a.dilation * (a.kernel - 1) < a.size + a.before + a.after);
const problem = fc.record({
  axes: fc.array(axis, { minLength: 1, maxLength: 3 }),
  batch: small(1, 2),
  groups: small(1, 2),
  inGroup: small(1, 2),
  outGroup: small(1, 2),
});

/** Whole numbers, so that sums are exact in any order. */
function filled(shape: Shape, seed: number): RefTensor {
  const data = Float64Array.from({ length: elementCount(shape) }, (_, i) => ((i * 7 + seed * 5) % 11) - 5);
  return { shape, data };
}
const dot = (a: RefTensor, b: RefTensor) => a.data.reduce((sum, v, i) => sum + v * b.data[i], 0);
const at = ({ shape, data }: RefTensor, coordinate: readonly number[]) =>
  coordinate.every((c, a) => c >= 0 && c < shape[a])
    ? data[coordinate.reduce((index, c, a) => index + c * stridesOf(shape)[a], 0)]
    : 0;

test('over one, two and three axes: the sums of plain loops, and gradients that are their transposes', () => {
  fc.assert(
    fc.property(problem, ({ axes, batch, groups, inGroup, outGroup }) => {
      const x = filled([batch, groups * inGroup, ...axes.map((a) => a.size)], 1);
      const weight = filled([groups * outGroup, inGroup, ...axes.map((a) => a.kernel)], 2);
      const attrs: Attrs = {
        stride: axes.map((a) => a.stride),
        dilation: axes.map((a) => a.dilation),
        padding: [...axes.map((a) => a.before), ...axes.map((a) => a.after)],
        groups,
      };
      const types = [x, weight].map(({ shape }) => ({ dims: dimsOf(shape), dtype: 'f32' as const }));
      const [type] = op('convolution').shape(types, attrs);
      const shape = type.dims.map((d) => d.size);
      const [y] = op('convolution').reference([x, weight], attrs, [shape]);
      eachCoordinate(shape, (flat, [b, co, ...place]) => {
        let sum = 0;
        eachCoordinate(weight.shape.slice(1), (_, [ci, ...tap]) => {
          const read = axes.map((a, k) => place[k] * a.stride + tap[k] * a.dilation - a.before);
          const channel = Math.floor(co / outGroup) * inGroup + ci;
          sum += at(x, [b, channel, ...read]) * at(weight, [co, ci, ...tap]);
        });
        expect(y.data[flat]).toBe(sum);
      });

      const dy = filled(shape, 3);
      const input = { ...attrs, input_size: x.shape.slice(2) };
      const [dx] = op('convolution_grad_input').reference([dy, weight], input, [x.shape]);
      const kernel = { ...attrs, kernel_size: weight.shape.slice(2) };
      const [dweight] = op('convolution_grad_weight').reference([x, dy], kernel, [weight.shape]);
      expect(dot(dx, x)).toBe(dot(dy, y));
      expect(dot(dweight, weight)).toBe(dot(dy, y));
      const typeOf = ({ shape: of }: RefTensor) => ({ dims: dimsOf(of), dtype: 'f32' as const });
      const shapes = [
        op('convolution_grad_input').shape([typeOf(dy), typeOf(weight)], input),
        op('convolution_grad_weight').shape([typeOf(x), typeOf(dy)], kernel),
      ].map(([{ dims }]) => formatDims(dims));
      expect(shapes).toEqual([x, weight].map((t) => formatDims(dimsOf(t.shape))));
    }),
  );
});

test.each([
  [
    'conv1d',
    [
      [1, 2, 3],
      [2, 2, 5],
    ],
    { stride: 1, padding: [0, 0], dilation: 1, groups: 1 },
    /along the length$/,
  ],
  [
    'conv1d',
    [
      [1, 2, 3, 4],
      [2, 2, 1],
    ],
    { stride: 1, padding: [0, 0], dilation: 1, groups: 1 },
    /x \[B, C, L\] and weight \[C2, C\/groups, k\]$/,
  ],
  [
    'convolution',
    [
      [1, 2, 2, 9, 9],
      [2, 2, 3, 1, 1],
    ],
    { stride: [1, 1, 1], padding: [0, 0, 0], dilation: [1, 1, 1], groups: 1 },
    /along the depth$/,
  ],
  [
    'convolution',
    [
      [1, 2, 2, 2, 2],
      [2, 2, 1, 1, 1],
    ],
    { stride: [1, 1], padding: [0, 0, 0], dilation: [1, 1, 1], groups: 1 },
    /stride <1, 1> must be one or three whole numbers/,
  ],
] as const)('%s of %j says what is wrong', (name, shapes, attrs, message) => {
  const types = shapes.map((shape) => ({ dims: dimsOf(shape), dtype: 'f32' as const }));
  expect(() => ops.get(name)!.shape(types, attrs)).toThrow(message);
});
