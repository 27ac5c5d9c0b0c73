import { dimsOf } from '../../ir/dim.ts';
import { type Attrs, elementCount } from '../../ir/graph.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { eachCoordinate } from '../geometry.ts';

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
    const { counts, window } = partsOf(axes);
    const tokens = elementCount(window);
    return [{ dims: dimsOf([elementCount(counts), tokens, tokens]), dtype: 'f32' }];
  },
  gradient: () => [],
  reference: (_, attrs, [out]) => {
    const axes = axesOf(attrs);
    const { counts, window } = partsOf(axes);
    const data = new Float64Array(elementCount(out));
    const tokens = elementCount(window);
    eachCoordinate(counts, (i, place) => {
      const part: number[] = [];
      eachCoordinate(window, (token, at) => {
        part[token] = axes.reduce((n, axis, a) => 3 * n + region(axis, place[a] * axis.window + at[a]), 0);
      });
      for (let q = 0; q < tokens; q++) {
        for (let k = 0; k < tokens; k++) {
          data[(i * tokens + q) * tokens + k] = part[q] === part[k] ? 0 : MASKED;
        }
      }
    });
    return [{ shape: out, data }];
  },
  lowering: { kind: 'kernels' },
};

/** How many windows there are along each axis, and their size. */
function partsOf(axes: readonly Axis[]): { readonly counts: number[]; readonly window: number[] } {
  return { counts: axes.map((a) => a.size / a.window), window: axes.map((a) => a.window) };
}
