import { Dim, formatDims } from '../../ir/dim.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';

export const nearestLabels: PrimitiveOp = {
  kind: 'primitive',
  name: 'nearest_labels',
  doc: 'Class ids [B, H, W] at another size, nearest-exact (torch.nn.functional.interpolate): output pixel i is input pixel ⌊(i + ½) · in / out⌋.',
  operands: [{ name: 'target', dtype: 'i32' }],
  attrs: { size: { type: 'int[]' } },
  internal: true,
  splits: () => [{ operands: [0], outputs: [0] }],
  shape: ([target], a) => {
    const size = a['size'] as readonly number[];
    if (target.dims.length !== 3 || target.dtype !== 'i32' || size.length !== 2) {
      throw new ShapeError(
        `\`nearest_labels\` needs i32 class ids [B, H, W] and a size <H, W>, found ${target.dtype} ${formatDims(target.dims)} and <${size.join(', ')}>`,
        [0],
      );
    }
    return [{ dims: [target.dims[0], ...size.map((n) => Dim.of(n))], dtype: 'i32' }];
  },
  reference: ([target], _attrs, [out]) => {
    const [, inHeight, inWidth] = target.shape;
    const [samples, height, width] = out;
    const from = (i: number, size: number, outSize: number) =>
      Math.floor(((2 * i + 1) * size) / (2 * outSize));
    const data = new Float64Array(samples * height * width);
    for (let i = 0; i < data.length; i++) {
      const row = from(Math.floor(i / width) % height, inHeight, height);
      const sample = Math.floor(i / (width * height));
      data[i] = target.data[(sample * inHeight + row) * inWidth + from(i % width, inWidth, width)];
    }
    return [{ shape: out, data }];
  },
  lowering: { kind: 'kernels' },
};
