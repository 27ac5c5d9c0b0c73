import { Dim, formatDims } from '../../ir/dim.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { gather } from '../layout/gather.ts';

export const nearestLabels: PrimitiveOp = {
  kind: 'primitive',
  name: 'nearest_labels',
  doc: 'Class ids [B, ...] at another size, nearest-exact (torch.nn.functional.interpolate): output pixel i is input pixel ⌊(i + ½) · in / out⌋.',
  operands: [{ name: 'target', dtype: 'i32' }],
  attrs: { size: { type: 'int[]' } },
  internal: true,
  splits: () => [{ operands: [0], outputs: [0] }],
  shape: ([target], a) => {
    const size = a['size'] as readonly number[];
    if (target.dims.length !== size.length + 1 || target.dtype !== 'i32') {
      throw new ShapeError(
        `\`nearest_labels\` needs i32 class ids [B, ...] and a size for each axis behind B, found ${target.dtype} ${formatDims(target.dims)} and <${size.join(', ')}>`,
        [0],
      );
    }
    return [{ dims: [target.dims[0], ...size.map((n) => Dim.of(n))], dtype: 'i32' }];
  },
  reference: ([target], _attrs, [out]) => {
    const from = (i: number, size: number, outSize: number) =>
      Math.floor(((2 * i + 1) * size) / (2 * outSize));
    return [
      gather(target, out, ([sample, ...at]) => [
        sample,
        ...at.map((c, a) => from(c, target.shape[a + 1], out[a + 1])),
      ]),
    ];
  },
  lowering: { kind: 'kernels' },
};
