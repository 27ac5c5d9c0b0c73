import { Dim, formatDims } from '../../ir/dim.ts';
import { type AttrSpec, type CompositeOp, ShapeError } from '../../ir/op.ts';

const window: AttrSpec = { type: 'int[]', repeat: 2 };

export const window_partition: CompositeOp = {
  kind: 'composite',
  name: 'window_partition',
  doc:
    'Cuts a map into windows: [B, H, W, C] → [B, H/w₀ · W/w₁, w₀·w₁, C], windows and their tokens row-major ' +
    '(Swin, arXiv 2103.14030, section 3.2).',
  example: 'forward(x: [B, 14, 14, 8]) -> [B, 4, 49, 8] { window_partition(x, window: 7) }',
  operands: [{ name: 'x' }],
  attrs: { window },
  shape: ([x], attrs) => {
    const [h, w] = attrs['window'] as readonly number[];
    const [batch, height, width, channels] = x.dims;
    const [down, across] = x.dims.length === 4 ? [height.over(h), width.over(w)] : [];
    if (!down || !across || down.batch || across.batch) {
      throw new ShapeError(
        `\`window_partition\` of ${formatDims(x.dims)} into windows of ${h}×${w}`,
        [0],
        'x is [B, H, W, C], H and W multiples of the window; pad it first',
      );
    }
    const windows = Dim.of(down.size * across.size);
    return [{ dims: [batch, windows, Dim.of(h * w), channels], dtype: 'f32' }];
  },
  expand: (b, [x], attrs) => {
    const [h, w] = attrs['window'] as readonly number[];
    const [batch, height, width, channels] = b.shape(x);
    const [down, across] = [height / h, width / w];
    const cut = b.permute(b.reshape(x, [batch, down, h, across, w, channels]), [0, 1, 3, 2, 4, 5]);
    return [b.reshape(cut, [batch, down * across, h * w, channels])];
  },
};

export const window_reverse: CompositeOp = {
  kind: 'composite',
  name: 'window_reverse',
  doc: 'Puts windows together again: [B, H/w₀ · W/w₁, w₀·w₁, C] → [B, height, width, C]; undoes window_partition (Swin, arXiv 2103.14030, section 3.2).',
  example:
    'forward(x: [B, 4, 49, 8]) -> [B, 14, 14, 8] { window_reverse(x, window: 7, height: 14, width: 14) }',
  operands: [{ name: 'x' }],
  attrs: { window, height: { type: 'int' }, width: { type: 'int' } },
  shape: ([x], attrs) => {
    const [h, w] = attrs['window'] as readonly number[];
    const [height, width] = [attrs['height'] as number, attrs['width'] as number];
    const [batch, windows, tokens, channels] = x.dims;
    const whole = height % h === 0 && width % w === 0;
    const fits = whole && windows?.equals((height / h) * (width / w)) && tokens?.equals(h * w);
    if (x.dims.length !== 4 || !fits) {
      throw new ShapeError(
        `\`window_reverse\` of ${formatDims(x.dims)}, windows of ${h}×${w}, to a map of ${height}×${width}`,
        [0],
        `x is [B, ${height}/${h} · ${width}/${w}, ${h * w}, C]`,
      );
    }
    return [{ dims: [batch, Dim.of(height), Dim.of(width), channels], dtype: 'f32' }];
  },
  expand: (b, [x], attrs) => {
    const [h, w] = attrs['window'] as readonly number[];
    const [height, width] = [attrs['height'] as number, attrs['width'] as number];
    const [batch, , , channels] = b.shape(x);
    const cut = b.reshape(x, [batch, height / h, width / w, h, w, channels]);
    return [b.reshape(b.permute(cut, [0, 1, 3, 2, 4, 5]), [batch, height, width, channels])];
  },
};
