import { Dim, formatDims } from '../../ir/dim.ts';
import { elementCount, type Shape } from '../../ir/graph.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';

const ORDERS = 4;

export const crossScan: PrimitiveOp = {
  kind: 'primitive',
  name: 'cross_scan',
  doc:
    'The four sequences of a map (VMamba, arXiv 2401.10166, fig. 4): x [B, C, H, W] → [B, 4, C, H*W], ' +
    'row by row, column by column, and both reversed.',
  example: 'forward(x: [B, 8, 16, 16]) -> [B, 4, 8, 256] { cross_scan(x) }',
  operands: [{ name: 'x' }],
  attrs: {},
  splits: () => [
    { operands: [0], outputs: [0] },
    { operands: [1], outputs: [2] },
  ],
  shape: ([{ dims }]) => {
    const length = dims.length === 4 ? dims[2].times(dims[3]) : undefined;
    if (!length) throw new ShapeError(`\`cross_scan\` takes x [B, C, H, W], found ${formatDims(dims)}`, [0]);
    return [{ dims: [dims[0], Dim.of(ORDERS), dims[1], length], dtype: 'f32' }];
  },
  gradient: ({ b, inputs, grads }) => {
    const [, , height, width] = b.shape(inputs[0]);
    return [b.apply('cross_merge', [grads[0]!], { height, width })];
  },
  reference: ([x], _attrs, [out]) => {
    const data = new Float64Array(elementCount(out));
    walk(x.shape, (pixel, place) => {
      data[place] = x.data[pixel];
    });
    return [{ shape: out, data }];
  },
  lowering: { kind: 'kernels' },
};

export const crossMerge: PrimitiveOp = {
  kind: 'primitive',
  name: 'cross_merge',
  doc:
    'Sums the four sequences of `cross_scan` back into a map: y [B, 4, C, height*width] → ' +
    '[B, C, height, width] (VMamba, arXiv 2401.10166).',
  example: 'forward(y: [B, 4, 8, 256]) -> [B, 8, 16, 16] { cross_merge(y, height: 16, width: 16) }',
  operands: [{ name: 'y' }],
  attrs: { height: { type: 'int' }, width: { type: 'int' } },
  splits: () => [
    { operands: [0], outputs: [0] },
    { operands: [2], outputs: [1] },
  ],
  shape: ([{ dims }], attrs) => {
    const [height, width] = [attrs['height'] as number, attrs['width'] as number];
    if (dims.length !== 4 || !dims[1].equals(ORDERS) || !dims[3].equals(height * width)) {
      throw new ShapeError(
        `\`cross_merge\` takes y [B, 4, C, ${height}*${width}], found ${formatDims(dims)}`,
        [0],
        'height and width are those of the map that was scanned',
      );
    }
    const y = dims[3];
    const size = (n: number) => (y.origin?.size === n ? Dim.of(n, y.origin) : Dim.of(n));
    return [{ dims: [dims[0], dims[2], size(height), size(width)], dtype: 'f32' }];
  },
  gradient: ({ b, grads }) => [b.apply('cross_scan', [grads[0]!])],
  reference: ([y], _attrs, [out]) => {
    const data = new Float64Array(elementCount(out));
    walk(out, (pixel, place) => {
      data[pixel] += y.data[place];
    });
    return [{ shape: out, data }];
  },
  lowering: { kind: 'kernels' },
};

/** Each pixel of a map [B, C, H, W] with each of its places in [B, 4, C, H*W]. */
function walk([batch, channels, height, width]: Shape, visit: (pixel: number, place: number) => void): void {
  const length = height * width;
  let pixel = 0;
  for (let b = 0; b < batch; b++) {
    for (let c = 0; c < channels; c++) {
      for (let h = 0; h < height; h++) {
        for (let w = 0; w < width; w++, pixel++) {
          const order = [h * width + w, w * height + h];
          [...order, ...order.map((l) => length - 1 - l)].forEach((l, k) => {
            visit(pixel, ((b * ORDERS + k) * channels + c) * length + l);
          });
        }
      }
    }
  }
}
