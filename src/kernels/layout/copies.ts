import { stridesOf } from '../../ir/graph.ts';
import { flippedAxes } from '../../ops/layout/flip.ts';
import { beforeOf } from '../../ops/layout/pad.ts';
import { order } from '../../ops/layout/permute.ts';
import { modulo, shiftsOf } from '../../ops/layout/roll.ts';
import { rangeOf } from '../../ops/layout/slice.ts';
import { type KernelFamily, onlyVariant } from '../variant.ts';
import { copyCall, window } from './strided-copy.ts';

export const permute: KernelFamily = onlyVariant(
  'A thread copies some neighbours of the result.',
  ({ inputs: [x], outputs: [y], attrs, target }) => {
    const strides = stridesOf(x.shape);
    const axes = order(attrs['axes'], y.shape.length);
    return [
      copyCall(target, x, y, {
        base: 0,
        axes: axes.map((a, k) => ({ size: y.shape[k], stride: strides[a] })),
      }),
    ];
  },
);

export const flip: KernelFamily = onlyVariant(
  'A thread copies some neighbours of the result.',
  ({ inputs: [x], outputs: [y], attrs, target }) => {
    const strides = stridesOf(x.shape);
    const axes = flippedAxes(attrs['axes'], x.shape.length);
    return [
      copyCall(target, x, y, {
        base: axes.reduce((at, a) => at + (x.shape[a] - 1) * strides[a], 0),
        axes: x.shape.map((size, a) => ({ size, stride: axes.includes(a) ? -strides[a] : strides[a] })),
      }),
    ];
  },
);

export const roll: KernelFamily = onlyVariant(
  'A thread copies some neighbours of the result.',
  ({ inputs: [x], outputs: [y], attrs, target }) => {
    const strides = stridesOf(x.shape);
    const shifts = shiftsOf(attrs, x.shape.length);
    const axes = x.shape.map((size, a) => ({
      size,
      stride: strides[a],
      shift: modulo(-shifts[a], size),
    }));
    return [copyCall(target, x, y, { base: 0, axes })];
  },
);

export const slice: KernelFamily = onlyVariant(
  'A thread copies some neighbours of the result.',
  ({ inputs: [x], outputs: [y], attrs, target }) => {
    const { axis, start } = rangeOf(x.shape, attrs);
    const before = x.shape.map((_, a) => (a === axis ? -start : 0));
    return [copyCall(target, x, y, window(x.shape, y.shape, before))];
  },
);

export const pad: KernelFamily = onlyVariant(
  'A thread copies some neighbours of the result.',
  ({ inputs: [x], outputs: [y], attrs, target }) => [
    copyCall(target, x, y, window(x.shape, y.shape, beforeOf(attrs, x.shape.length))),
  ],
);
