import { formatDims } from '../../ir/dim.ts';
import type { ValueId } from '../../ir/graph.ts';
import { type CompositeOp, ShapeError } from '../../ir/op.ts';
import { pow, square } from '../../math.ts';

export const window_attention: CompositeOp = {
  kind: 'composite',
  name: 'window_attention',
  doc:
    'Self-attention within windows of w×w tokens (Swin, arXiv 2103.14030): x [B, H, W, C], qkv [3C, C] (rows q, k, v, ' +
    'each by head), proj [C, C], table [(2w - 1)², heads] → [B, H, W, C]. x is padded with zeros at the bottom and ' +
    'right to whole windows, and rolled by -`shift`; what the roll brings together does not attend (see window_mask).',
  example:
    'forward(x: [B, 14, 14, 12], qkv: [36, 12], proj: [12, 12], table: [169, 3]) -> [B, 14, 14, 12] {\n  window_attention(x, qkv, proj, table, heads: 3, window: 7, shift: 3)\n}',
  operands: [{ name: 'x' }, { name: 'qkv' }, { name: 'proj' }, { name: 'table' }],
  attrs: { heads: { type: 'int' }, window: { type: 'int' }, shift: { type: 'int', default: 0 } },
  shape: ([x, qkv, proj, table], attrs) => {
    const [heads, window, shift] = ['heads', 'window', 'shift'].map((name) => attrs[name] as number);
    const channels = x.dims.at(3);
    if (x.dims.length !== 4 || !channels || x.dims[1].batch || x.dims[2].batch || channels.batch) {
      throw new ShapeError(`\`window_attention\` needs x [B, H, W, C], found ${formatDims(x.dims)}`, [0]);
    }
    if (heads < 1 || channels.size % heads !== 0) {
      throw new ShapeError(
        `\`window_attention\` cannot divide ${channels} channels into ${heads} heads`,
        [0],
      );
    }
    if (window < 1 || shift < 0 || shift >= window) {
      throw new ShapeError(
        `\`window_attention\` with window ${window} and shift ${shift}`,
        [],
        'a shift from 0 to less than the window',
      );
    }
    const c = channels.size;
    const expected = { qkv: [3 * c, c], proj: [c, c], table: [square(2 * window - 1), heads] };
    for (const [i, [name, shape]] of Object.entries(expected).entries()) {
      const found = [qkv, proj, table][i].dims;
      if (found.length !== 2 || !found.every((d, a) => d.equals(shape[a]))) {
        throw new ShapeError(
          `\`window_attention\` needs ${name} [${shape.join(', ')}], found ${formatDims(found)}`,
          [0, i + 1],
        );
      }
    }
    return [{ dims: x.dims, dtype: 'f32' }];
  },
  expand: (b, [x, qkv, proj, table], attrs) => {
    const [heads, window, shift] = ['heads', 'window', 'shift'].map((name) => attrs[name] as number);
    const [batch, ...sizes] = b.shape(x);
    const channels = sizes.pop()!;
    const missing = sizes.map((n) => (window - (n % window)) % window);
    const axes = sizes.map((_, a) => a + 1);
    const resize = (v: ValueId, by: readonly number[]) =>
      by.every((n) => n === 0) ? v : b.apply('pad', [v], { padding: by.flatMap((n) => [0, n]), axes });
    const roll = (v: ValueId, n: number) =>
      n === 0 ? v : b.apply('roll', [v], { shifts: axes.map(() => n), axes });

    const [height, width] = sizes.map((n, a) => n + missing[a]);
    const padded = roll(resize(x, missing), 0 - shift);
    const windows = b.apply('window_partition', [padded], { window });
    const [, count, tokens] = b.shape(windows);
    const parts = b.applyAll('split', [b.apply('linear', [windows, qkv])], {
      sizes: [channels, channels, channels],
      axis: 3,
    });
    const headDim = channels / heads;
    const [q, k, v] = parts.map((part) => b.reshape(part, [batch, count, tokens, heads, headDim]));
    let scores = b.affine(b.einsum('b n q h d, b n k h d -> b n h q k', q, k), pow(headDim, -0.5));
    scores = b.add(scores, b.apply('relative_position_bias', [table], { window }));
    if (shift > 0) {
      const mask = b.apply('window_mask', [], { height, width, window, shift });
      scores = b.add(scores, b.reshape(mask, [count, 1, tokens, tokens]));
    }
    const weights = b.apply('softmax', [scores], { axis: 4 });
    const mixed = b.einsum('b n h q k, b n k h d -> b n q h d', weights, v);
    const y = b.apply('linear', [b.reshape(mixed, [batch, count, tokens, channels]), proj]);
    const map = b.apply('window_reverse', [y], { window, height, width });
    return [
      resize(
        roll(map, shift),
        missing.map((n) => 0 - n),
      ),
    ];
  },
};
