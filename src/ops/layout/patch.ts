import { formatDims } from '../../ir/dim.ts';
import { type CompositeOp, ShapeError, type TensorType } from '../../ir/op.ts';

export const patch_merge: CompositeOp = {
  kind: 'composite',
  name: 'patch_merge',
  doc:
    'Gathers each 2×2 patch into the channels: [B, H, W, C] → [B, ⌊H/2⌋, ⌊W/2⌋, 4C], in the order (row, column) ' +
    '00, 10, 01, 11; an odd last row or column is dropped (patch merging of Swin, arXiv 2103.14030, section 3.1).',
  example: 'forward(x: [B, 16, 16, 8]) -> [B, 8, 8, 32] { patch_merge(x) }',
  operands: [{ name: 'x' }],
  attrs: {},
  shape: ([x]) => {
    const [batch, height, width, channels] = channelsLast('patch_merge', x);
    const [h, w] = [height, width].map((d) => d.map((n) => Math.floor(n / 2)));
    const c = channels.times(4);
    if (!h || !w || !c || h.size === 0 || w.size === 0) {
      throw new ShapeError(`\`patch_merge\` of ${formatDims(x.dims)} needs a map of at least 2×2`, [0]);
    }
    return [{ dims: [batch, h, w, c], dtype: 'f32' }];
  },
  expand: (b, [x]) => {
    const [batch, height, width, channels] = b.shape(x);
    const [h, w] = [Math.floor(height / 2), Math.floor(width / 2)];
    const odd = [2 * h - height, 2 * w - width];
    const even = odd.some((n) => n < 0)
      ? b.apply('pad', [x], { padding: [0, odd[0], 0, odd[1]], axes: [1, 2] })
      : x;
    const patches = b.reshape(even, [batch, h, 2, w, 2, channels]);
    return [b.reshape(b.permute(patches, [0, 1, 3, 4, 2, 5]), [batch, h, w, 4 * channels])];
  },
};

export const patch_expand: CompositeOp = {
  kind: 'composite',
  name: 'patch_expand',
  doc:
    'Spreads channels over patches of `factor` = p: [B, H, W, p·p·C] → [B, p·H, p·W, C], channels by (row, column, ' +
    'C) (patch expanding of Swin-Unet, arXiv 2105.05537, section 3.4).',
  example: 'forward(x: [B, 8, 8, 32]) -> [B, 16, 16, 8] { patch_expand(x, factor: 2) }',
  operands: [{ name: 'x' }],
  attrs: { factor: { type: 'int', default: 2 } },
  shape: ([x], attrs) => {
    const p = attrs['factor'] as number;
    const [batch, height, width, channels] = channelsLast('patch_expand', x);
    const [h, w, c] = [height.times(p), width.times(p), p > 0 ? channels.over(p * p) : undefined];
    if (!h || !w || !c) {
      throw new ShapeError(
        `\`patch_expand\` of ${formatDims(x.dims)}: ${channels} channels cannot be spread over patches of ${p}×${p}`,
        [0],
      );
    }
    return [{ dims: [batch, h, w, c], dtype: 'f32' }];
  },
  expand: (b, [x], attrs) => {
    const p = attrs['factor'] as number;
    const [batch, h, w, channels] = b.shape(x);
    const c = channels / (p * p);
    const patches = b.reshape(x, [batch, h, w, p, p, c]);
    return [b.reshape(b.permute(patches, [0, 1, 3, 2, 4, 5]), [batch, p * h, p * w, c])];
  },
};

function channelsLast(op: string, x: TensorType) {
  if (x.dims.length !== 4) {
    throw new ShapeError(`\`${op}\` needs [B, H, W, C], found ${formatDims(x.dims)}`, [0]);
  }
  return x.dims;
}
