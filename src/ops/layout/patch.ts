import { formatDims } from '../../ir/dim.ts';
import { elementCount } from '../../ir/graph.ts';
import { type CompositeOp, ShapeError } from '../../ir/op.ts';
import { pow } from '../../math.ts';
import { mapAxesBefore } from '../geometry.ts';
import { cutWindows, joinWindows } from '../partition.ts';

/** Axes of the maps that specs can merge. */
const RANK = 2;

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
    const map = mapAxesBefore('patch_merge', x.dims, RANK).map((d) => d.map((n) => Math.floor(n / 2)));
    const c = x.dims.at(-1)!.times(pow(2, RANK));
    if (!map.every((d) => d !== undefined) || map.some((d) => d.size === 0) || !c) {
      throw new ShapeError(`\`patch_merge\` of ${formatDims(x.dims)} needs a map of at least 2×2`, [0]);
    }
    return [{ dims: [x.dims[0], ...map, c], dtype: 'f32' }];
  },
  expand: (b, [x]) => {
    const [batch, ...sizes] = b.shape(x);
    const channels = sizes.pop()!;
    const odd = sizes.map((n) => 0 - (n % 2));
    const padding = odd.flatMap((n) => [0, n]);
    const axes = sizes.map((_, a) => a + 1);
    const even = odd.some((n) => n < 0) ? b.apply('pad', [x], { padding, axes }) : x;
    // Of a patch's axes the last one changes slowest.
    const patches = cutWindows(
      b,
      even,
      sizes.map(() => 2),
      sizes.map((_, a) => sizes.length - 1 - a),
    );
    const merged = sizes.map((n) => Math.floor(n / 2));
    return [b.reshape(patches, [batch, ...merged, pow(2, sizes.length) * channels])];
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
    const map = mapAxesBefore('patch_expand', x.dims, RANK).map((d) => d.times(p));
    const channels = x.dims.at(-1)!;
    const c = p > 0 ? channels.over(pow(p, RANK)) : undefined;
    if (!map.every((d) => d !== undefined) || !c) {
      throw new ShapeError(
        `\`patch_expand\` of ${formatDims(x.dims)}: ${channels} channels cannot be spread over patches of ${p}×${p}`,
        [0],
      );
    }
    return [{ dims: [x.dims[0], ...map, c], dtype: 'f32' }];
  },
  expand: (b, [x], attrs) => {
    const [batch, ...sizes] = b.shape(x);
    const channels = sizes.pop()!;
    const patch = sizes.map(() => attrs['factor'] as number);
    return [joinWindows(b, b.reshape(x, [batch, ...sizes, ...patch, channels / elementCount(patch)]))];
  },
};
