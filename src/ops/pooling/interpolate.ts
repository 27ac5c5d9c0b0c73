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
  macs: (_inputs, [out], attrs) => (attrs['mode'] === 'bilinear' ? 4 : 1) * elementCount(out),
  gradient: ({ b, inputs, grads, attrs }) => {
    const [, , height, width] = b.shape(inputs[0]);
    return [b.apply('interpolate_backward', [grads[0]!], { ...attrs, size: [height, width] })];
  },
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
    const size = x.dims.slice(-2).map((d) => d.size * factor);
    return [{ dims: resized('upsample', x, size), dtype: 'f32' }];
  },
  expand: (b, [x], { factor, ...attrs }) => {
    const [, , height, width] = b.shape(x);
    const f = factor as number;
    return [b.apply('interpolate', [x], { ...attrs, size: [f * height, f * width] })];
  },
};

function resized(op: string, x: TensorType, size: readonly number[]): Dim[] {
  if (x.dims.length !== 4) {
    throw new ShapeError(`\`${op}\` needs [B, C, H, W], found ${formatDims(x.dims)}`, [0]);
  }
  const [height, width] = [2, 3].map((a) => x.dims[a].map(() => size[a - 2]));
  if (size.length !== 2 || size.some((n) => n < 1) || !height || !width) {
    throw new ShapeError(
      `\`${op}\` of ${formatDims(x.dims)} to <${size.join(', ')}>`,
      [0],
      'two positive sizes',
    );
  }
  return [x.dims[0], x.dims[1], height, width];
}

/** Calls `visit` for each output element o of a resize from x to y and each source element i with its weight. */
function eachWeight(
  x: Shape,
  y: Shape,
  attrs: Attrs,
  visit: (o: number, i: number, weight: number) => void,
): void {
  const taps = [2, 3].map((a) => {
    const { factor, offset, divisor } = axisMap(x[a], y[a], attrs);
    return Array.from({ length: y[a] }, (_, o): [number, number][] => {
      const at = Math.max(factor * o + offset, 0) / divisor;
      const i = Math.floor(at);
      if (attrs['mode'] === 'nearest') return [[i, 1]];
      return [
        [i, 1 - (at - i)],
        [Math.min(i + 1, x[a] - 1), at - i],
      ];
    });
  });
  for (let plane = 0; plane < y[0] * y[1]; plane++) {
    taps[0].forEach((rows, oh) => {
      taps[1].forEach((columns, ow) => {
        const o = (plane * y[2] + oh) * y[3] + ow;
        for (const [h, wh] of rows) {
          for (const [w, ww] of columns) visit(o, (plane * x[2] + h) * x[3] + w, wh * ww);
        }
      });
    });
  }
}
