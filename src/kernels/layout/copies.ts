import { stridesOf } from '../../ir/graph.ts';
import { flippedAxes } from '../../ops/layout/flip.ts';
import { beforeOf } from '../../ops/layout/pad.ts';
import { order } from '../../ops/layout/permute.ts';
import { modulo, shiftsOf } from '../../ops/layout/roll.ts';
import { rangeOf } from '../../ops/layout/slice.ts';
import type { KernelFamily } from '../variant.ts';
import { copyFamily } from './copy-family.ts';
import { window } from './strided-copy.ts';

export const permute: KernelFamily = copyFamily(({ inputs: [x], outputs: [y], attrs }) => {
  const strides = stridesOf(x.shape);
  const axes = order(attrs['axes'], y.shape.length);
  return {
    base: 0,
    axes: axes.map((a, k) => ({ size: y.shape[k], stride: strides[a] })),
  };
});

export const flip: KernelFamily = copyFamily(({ inputs: [x], attrs }) => {
  const strides = stridesOf(x.shape);
  const axes = flippedAxes(attrs['axes'], x.shape.length);
  return {
    base: axes.reduce((at, a) => at + (x.shape[a] - 1) * strides[a], 0),
    axes: x.shape.map((size, a) => ({ size, stride: axes.includes(a) ? -strides[a] : strides[a] })),
  };
});

export const roll: KernelFamily = copyFamily(({ inputs: [x], attrs }) => {
  const strides = stridesOf(x.shape);
  const shifts = shiftsOf(attrs, x.shape.length);
  const axes = x.shape.map((size, a) => ({
    size,
    stride: strides[a],
    shift: modulo(-shifts[a], size),
  }));
  return { base: 0, axes };
});

export const slice: KernelFamily = copyFamily(({ inputs: [x], outputs: [y], attrs }) => {
  const { axis, start } = rangeOf(x.shape, attrs);
  const before = x.shape.map((_, a) => (a === axis ? -start : 0));
  return window(x.shape, y.shape, before);
});

export const pad: KernelFamily = copyFamily(({ inputs: [x], outputs: [y], attrs }) =>
  window(x.shape, y.shape, beforeOf(attrs, x.shape.length)),
);
