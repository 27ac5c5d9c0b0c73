import { type Dim, formatDims } from '../../ir/dim.ts';
import { type Attrs, elementCount, type Shape } from '../../ir/graph.ts';
import {
  type AttrSpec,
  type CompositeOp,
  type PrimitiveOp,
  ShapeError,
  type TensorType,
} from '../../ir/op.ts';
import { sliceSplits } from '../../ir/split-rule.ts';
import { pow } from '../../math.ts';
import { eachCoordinate, mapAxes } from '../geometry.ts';

/** Axes of the maps that specs can resize. */
const RANK = 2;

const attrs: Readonly<Record<string, AttrSpec>> = {
  size: { type: 'int[]', repeat: 2 },
  mode: { type: 'string', default: 'nearest', choices: ['nearest', 'bilinear'] },
  align_corners: { type: 'bool', default: false },
};

/**
 * Output index o of one axis reads the source at max(factor·o + offset, 0) / divisor: whole numbers, so that
 * both backends agree on the neighbours.
 */
interface AxisMap {
  readonly factor: number;
  readonly offset: number;
  readonly divisor: number;
}

export function axisMap(from: number, to: number, attrs: Attrs): AxisMap {
  if (attrs['mode'] === 'nearest') return { factor: from, offset: 0, divisor: to };
  if (attrs['align_corners']) return { factor: from - 1, offset: 0, divisor: Math.max(to - 1, 1) };
  return { factor: 2 * from, offset: from - to, divisor: 2 * to };
}

export const interpolate: PrimitiveOp = {
  kind: 'primitive',
  name: 'interpolate',
  doc:
    'Resizes: [B, C, H, W] → [B, C, size[0], size[1]]. bilinear: output pixel o lies at (o + 1/2)·in/out - 1/2, or at ' +
    'o·(in - 1)/(out - 1) with `align_corners`; nearest: ⌊o·in/out⌋ (torch.nn.functional.interpolate).',
  example:
    'forward(x: [B, 8, 16, 16]) -> [B, 8, 24, 40] { interpolate(x, size: <24, 40>, mode: "bilinear") }',
  operands: [{ name: 'x' }],
  attrs,
  splits: (inputs, outputs) => sliceSplits(inputs, outputs, [0, 1]),
  shape: ([x], attrs) => {
    if (attrs['mode'] === 'nearest' && attrs['align_corners']) {
      throw new ShapeError('`interpolate` by nearest has no align_corners', [], 'align_corners: false');
    }
    return [{ dims: resized('interpolate', x, attrs['size'] as readonly number[]), dtype: 'f32' }];
  },
  macs: (_inputs, [out], attrs) => (attrs['mode'] === 'bilinear' ? pow(2, RANK) : 1) * elementCount(out),
  gradient: ({ b, inputs, grads, attrs }) => [
    b.apply('interpolate_backward', [grads[0]!], { ...attrs, size: b.shape(inputs[0]).slice(2) }),
  ],
  reference: ([x], attrs, [out]) => {
    const data = new Float64Array(elementCount(out));
    eachWeight(x.shape, out, attrs, (o, i, weight) => {
      data[o] += weight * x.data[i];
    });
    return [{ shape: out, data }];
  },
  lowering: { kind: 'kernels' },
};

export const interpolate_backward: PrimitiveOp = {
  kind: 'primitive',
  name: 'interpolate_backward',
  doc: 'Gradient of interpolate for an input of `size` (height, width).',
  internal: true,
  operands: [{ name: 'dy' }],
  attrs,
  splits: (inputs, outputs) => sliceSplits(inputs, outputs, [0, 1]),
  shape: ([dy], attrs) => [
    { dims: resized('interpolate_backward', dy, attrs['size'] as readonly number[]), dtype: 'f32' },
  ],
  reference: ([dy], attrs, [out]) => {
    const data = new Float64Array(elementCount(out));
    eachWeight(out, dy.shape, attrs, (o, i, weight) => {
      data[i] += weight * dy.data[o];
    });
    return [{ shape: out, data }];
  },
  lowering: { kind: 'kernels' },
};

export const upsample: CompositeOp = {
  kind: 'composite',
  name: 'upsample',
  doc: '[B, C, H, W] → [B, C, factor·H, factor·W] (torch.nn.Upsample); see interpolate.',
  example: 'forward(x: [B, 8, 16, 16]) -> [B, 8, 32, 32] { upsample(x, factor: 2) }',
  operands: [{ name: 'x' }],
  attrs: { factor: { type: 'int', default: 2 }, mode: attrs['mode'], align_corners: attrs['align_corners'] },
  shape: ([x], attrs) => {
    const factor = attrs['factor'] as number;
    const size = mapAxes('upsample', x.dims, RANK).map((d) => d.size * factor);
    return [{ dims: resized('upsample', x, size), dtype: 'f32' }];
  },
  expand: (b, [x], { factor, ...attrs }) => {
    const size = b.shape(x).slice(2);
    return [b.apply('interpolate', [x], { ...attrs, size: size.map((n) => n * (factor as number)) })];
  },
};

function resized(op: string, { dims }: TensorType, size: readonly number[]): Dim[] {
  const map = mapAxes(op, dims, RANK).map((d, a) => d.map(() => size[a]));
  if (size.length !== RANK || size.some((n) => n < 1) || !map.every((d) => d !== undefined)) {
    throw new ShapeError(
      `\`${op}\` of ${formatDims(dims)} to <${size.join(', ')}>`,
      [0],
      'two positive sizes',
    );
  }
  return [dims[0], dims[1], ...map];
}

/**
 * Calls `visit` for each output element o of a resize from x to y, [B, C, ...] of any number of axes, and each source
 * element i with its weight.
 */
export function eachWeight(
  x: Shape,
  y: Shape,
  attrs: Attrs,
  visit: (o: number, i: number, weight: number) => void,
): void {
  const [from, to] = [x.slice(2), y.slice(2)];
  const taps = from.map((size, a) => axisTaps(size, to[a], attrs));
  const [fromSize, toSize] = [from, to].map(elementCount);
  const weights: [o: number, i: number, weight: number][] = [];
  eachCoordinate(to, (o, at) => {
    const walk = (a: number, i: number, weight: number): void => {
      if (a === from.length) weights.push([o, i, weight]);
      else for (const [k, w] of taps[a][at[a]]) walk(a + 1, i * from[a] + k, weight * w);
    };
    walk(0, 0, 1);
  });
  for (let plane = 0; plane < y[0] * y[1]; plane++) {
    for (const [o, i, weight] of weights) visit(plane * toSize + o, plane * fromSize + i, weight);
  }
}

/** For each place of an axis of the output: which of the source it reads, with which weights. */
function axisTaps(from: number, to: number, attrs: Attrs): [number, number][][] {
  const { factor, offset, divisor } = axisMap(from, to, attrs);
  return Array.from({ length: to }, (_, o) => {
    const at = Math.max(factor * o + offset, 0) / divisor;
    const i = Math.floor(at);
    if (attrs['mode'] === 'nearest') return [[i, 1]];
    return [
      [i, 1 - (at - i)],
      [Math.min(i + 1, from - 1), at - i],
    ];
  });
}
