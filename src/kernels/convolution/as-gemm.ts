import { type Shape, stridesOf, type Value } from '../../ir/graph.ts';
import type { Run } from '../../ir/runs.ts';
import type { Window } from '../../ops/convolution/geometry.ts';
import type { Problem } from '../contraction/problem.ts';

/**
 * Without padding a convolution is a plain GEMM whose strides do the walking: the axes of a map that the window
 * reads are (output position · stride) + (tap · dilation).
 */
export interface ConvolutionAxes {
  readonly channelsOut: Run;
  readonly channelsIn: readonly Run[];
  readonly taps: readonly Run[];
  readonly pixels: readonly Run[];
}

/** Whether no tap ever falls outside the map, in one group. */
export function isUnpadded(w: Window): boolean {
  return w.groups === 1 && [...w.before, ...w.after].every((p) => p === 0);
}

/** Whether each pixel is a product of its own channels: there is nothing to copy for. */
export function isPointwise(w: Window, taps: readonly number[]): boolean {
  return isUnpadded(w) && [...taps, ...w.stride].every((n) => n === 1);
}

/** Whether every pixel of x is read by exactly one tap of one window. */
export function isPartition(w: Window, x: Shape, weight: Shape, y: Shape): boolean {
  return weight.slice(2).every((kernel, a) => {
    return (kernel === 1 || w.dilation[a] === 1) && kernel === w.stride[a] && y[2 + a] * kernel === x[2 + a];
  });
}

/** Axes with strides in x, weight and y. */
function axesOf(w: Window, x: Shape, weight: Shape, y: Shape): ConvolutionAxes {
  const sx = stridesOf(x);
  const sw = stridesOf(weight);
  const sy = stridesOf(y);
  return {
    channelsOut: { size: weight[0], strides: [0, sw[0], sy[1]] },
    channelsIn: [{ size: weight[1], strides: [sx[1], sw[1], 0] }],
    taps: weight.slice(2).map((size, a) => ({ size, strides: [sx[2 + a] * w.dilation[a], sw[2 + a], 0] })),
    pixels: [
      { size: y[0], strides: [sx[0], 0, sy[0]] },
      ...y.slice(2).map((size, a) => ({ size, strides: [sx[2 + a] * w.stride[a], 0, sy[2 + a]] })),
    ],
  };
}

const X = 0;
const WEIGHT = 1;
const Y = 2;

const pick = (runs: readonly Run[], ...tensors: number[]): Run[] =>
  runs.map((r) => ({ size: r.size, strides: tensors.map((t) => r.strides[t]) }));

/** y = weight · x */
export function forwardGemm(w: Window, x: Value, weight: Value, y: Value): Problem {
  const { channelsOut, channelsIn, taps, pixels } = axesOf(w, x.shape, weight.shape, y.shape);
  return {
    a: weight,
    b: x,
    y,
    batch: [],
    m: pick([channelsOut], WEIGHT, Y),
    n: pick(pixels, X, Y),
    k: pick([...channelsIn, ...taps], WEIGHT, X),
  };
}

/** dx = weightᵀ · dy; only for a partition ({@link isPartition}). */
export function inputGradientGemm(w: Window, dy: Value, weight: Value, dx: Value): Problem {
  const { channelsOut, channelsIn, taps, pixels } = axesOf(w, dx.shape, weight.shape, dy.shape);
  return {
    a: weight,
    b: dy,
    y: dx,
    batch: [],
    m: pick([...channelsIn, ...taps], WEIGHT, X),
    n: pick(pixels, Y, X),
    k: pick([channelsOut], WEIGHT, Y),
  };
}

/** dweight = dy · xᵀ, summed over pixels. */
export function weightGradientGemm(w: Window, x: Value, dy: Value, dweight: Value): Problem {
  const { channelsOut, channelsIn, taps, pixels } = axesOf(w, x.shape, dweight.shape, dy.shape);
  return {
    a: dy,
    b: x,
    y: dweight,
    batch: [],
    m: pick([channelsOut], Y, WEIGHT),
    n: pick([...channelsIn, ...taps], X, WEIGHT),
    k: pick(pixels, Y, X),
  };
}
