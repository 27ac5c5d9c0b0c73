import { dimsOf } from '../../ir/dim.ts';
import { type Attrs, elementCount } from '../../ir/graph.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';

/** Added to the scores of tokens that the shift has brought together from apart (Swin's code). */
export const MASKED = -100;

interface Axis {
  readonly size: number;
  readonly window: number;
  readonly shift: number;
}

export function axesOf(attrs: Attrs): Axis[] {
  const [windows, shifts] = ['window', 'shift'].map((name) => attrs[name] as readonly number[]);
  return (['height', 'width'] as const).map((name, a) => ({
    size: attrs[name] as number,
    window: windows[a],
    shift: shifts[a],
  }));
}

/** Which part of a rolled axis a place belongs to: before the last window, in it, or come in from the other end. */
function region({ size, window, shift }: Axis, at: number): number {
  return at < size - window ? 0 : at < size - shift ? 1 : 2;
}

export const window_mask: PrimitiveOp = {
  kind: 'primitive',
  name: 'window_mask',
  doc:
    'Mask of shifted windows: → [number of windows, tokens, tokens], 0 where query and key were neighbours before ' +
    'the map was rolled by -`shift`, else -100 (Swin, arXiv 2103.14030, section 3.2 and figure 4). The map is ' +
    '`height`×`width`, whole windows.',
  example:
    'forward(scores: [B, 4, 49, 49]) -> [B, 4, 49, 49] { scores + window_mask(height: 14, width: 14, window: 7, shift: 3) }',
  operands: [],
  attrs: {
    height: { type: 'int' },
    width: { type: 'int' },
    window: { type: 'int[]', repeat: 2 },
    shift: { type: 'int[]', repeat: 2 },
  },
  shape: (_, attrs) => {
    const axes = axesOf(attrs);
    for (const { size, window, shift } of axes) {
      if (!(window >= 1 && size >= window && size % window === 0 && shift >= 0 && shift < window)) {
        throw new ShapeError(
          `\`window_mask\` of ${axes.map((a) => a.size).join('×')} with windows of ` +
            `${axes.map((a) => a.window).join('×')} and shift <${axes.map((a) => a.shift).join(', ')}>`,
          [],
          'whole windows, and a shift from 0 to less than a window',
        );
      }
    }
    const [windows, tokens] = countsOf(axes);
    return [{ dims: dimsOf([windows, tokens, tokens]), dtype: 'f32' }];
  },
  gradient: () => [],
  reference: (_, attrs, [out]) => {
    const [rows, columns] = axesOf(attrs);
    const across = columns.size / columns.window;
    const data = new Float64Array(elementCount(out));
    const [windows, tokens] = out;
    for (let i = 0; i < windows; i++) {
      const part = Array.from({ length: tokens }, (_, t) => {
        const r = Math.floor(i / across) * rows.window + Math.floor(t / columns.window);
        const c = (i % across) * columns.window + (t % columns.window);
        return 3 * region(rows, r) + region(columns, c);
      });
      for (let q = 0; q < tokens; q++) {
        for (let k = 0; k < tokens; k++) {
          data[(i * tokens + q) * tokens + k] = part[q] === part[k] ? 0 : MASKED;
        }
      }
    }
    return [{ shape: out, data }];
  },
  lowering: { kind: 'kernels' },
};

function countsOf([rows, columns]: readonly Axis[]): [windows: number, tokens: number] {
  return [(rows.size / rows.window) * (columns.size / columns.window), rows.window * columns.window];
}
