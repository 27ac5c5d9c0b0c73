import { dimsOf, formatDims } from '../../ir/dim.ts';
import { type Attrs, elementCount } from '../../ir/graph.ts';
import { type AttrSpec, type CompositeOp, ShapeError } from '../../ir/op.ts';
import { cutWindows, joinWindows } from '../partition.ts';

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
    const window = attrs['window'] as readonly number[];
    const map = x.dims.length === window.length + 2 ? x.dims.slice(1, -1) : [];
    const counts = map.map((d, a) => d.over(window[a]));
    if (counts.length === 0 || counts.some((n) => !n || n.batch)) {
      throw new ShapeError(
        `\`window_partition\` of ${formatDims(x.dims)} into windows of ${window.join('×')}`,
        [0],
        'x is [B, H, W, C], H and W multiples of the window; pad it first',
      );
    }
    const windows = elementCount(counts.map((n) => n!.size));
    return [{ dims: [x.dims[0], ...dimsOf([windows, elementCount(window)]), x.dims.at(-1)!], dtype: 'f32' }];
  },
  expand: (b, [x], attrs) => {
    const window = attrs['window'] as readonly number[];
    const cut = cutWindows(b, x, window);
    const [batch, ...sizes] = b.shape(cut);
    const windows = elementCount(sizes.slice(0, window.length));
    return [b.reshape(cut, [batch, windows, elementCount(window), sizes.at(-1)!])];
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
    const window = attrs['window'] as readonly number[];
    const map = mapOf(attrs);
    const counts = map.map((n, a) => n / window[a]);
    const [batch, windows, tokens, channels] = x.dims;
    const fits =
      counts.every(Number.isInteger) &&
      windows?.equals(elementCount(counts)) &&
      tokens?.equals(elementCount(window));
    if (x.dims.length !== 4 || !fits) {
      throw new ShapeError(
        `\`window_reverse\` of ${formatDims(x.dims)}, windows of ${window.join('×')}, to a map of ${map.join('×')}`,
        [0],
        `x is [B, ${map.map((n, a) => `${n}/${window[a]}`).join(' · ')}, ${elementCount(window)}, C]`,
      );
    }
    return [{ dims: [batch, ...dimsOf(map), channels], dtype: 'f32' }];
  },
  expand: (b, [x], attrs) => {
    const window = attrs['window'] as readonly number[];
    const [batch, , , channels] = b.shape(x);
    const counts = mapOf(attrs).map((n, a) => n / window[a]);
    return [joinWindows(b, b.reshape(x, [batch, ...counts, ...window, channels]))];
  },
};

const mapOf = (attrs: Attrs): number[] => [attrs['height'] as number, attrs['width'] as number];
