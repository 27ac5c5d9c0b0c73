import { Dim, formatDims } from '../../ir/dim.ts';
import { type Attrs, elementCount } from '../../ir/graph.ts';
import { type AttrSpec, type PrimitiveOp, ShapeError } from '../../ir/op.ts';

const attrs: Readonly<Record<string, AttrSpec>> = {
  window: { type: 'int[]', repeat: 2 },
  table_window: { type: 'int[]', repeat: 2, default: 0 },
};

interface Geometry {
  /** Tokens of a window. */
  readonly tokens: number;
  /** The window that the table was made for, by axes. */
  readonly table: readonly number[];
  /** Rows of the table: the ways in which two tokens of that window can lie to each other. */
  readonly entries: number;
}

/** A `table_window` of 0 stands for `window`. */
export function geometryOf(attrs: Attrs): Geometry {
  const window = attrs['window'] as readonly number[];
  const table = (attrs['table_window'] as readonly number[]).map((n, a) => n || window[a]);
  return { tokens: elementCount(window), table, entries: elementCount(table.map((n) => 2 * n - 1)) };
}

/** Row of the table for a pair of tokens, which count row-major within the table's window. */
export function entryOf(table: readonly number[], query: number, key: number): number {
  let entry = 0;
  let [q, k, rows] = [query, key, 1];
  for (const n of [...table].reverse()) {
    entry += rows * ((q % n) - (k % n) + n - 1);
    rows *= 2 * n - 1;
    [q, k] = [Math.floor(q / n), Math.floor(k / n)];
  }
  return entry;
}

export const relative_position_bias: PrimitiveOp = {
  kind: 'primitive',
  name: 'relative_position_bias',
  doc:
    'Bias of attention within a window of w₀×w₁ tokens: table [(2t₀ - 1)(2t₁ - 1), heads] → [heads, w₀w₁, w₀w₁] ' +
    '(head, query, key), from row (Δr + t₀ - 1)(2t₁ - 1) + Δc + t₁ - 1 of the table, Δ = query - key (Swin, arXiv ' +
    '2103.14030, equation 4). `table_window` is t, by default the window; in a smaller window token p still counts ' +
    'as (p ÷ t₁, p mod t₁).',
  example:
    'forward(scores: [B, 3, 49, 49], table: [169, 3]) -> [B, 3, 49, 49] { scores + relative_position_bias(table, window: 7) }',
  operands: [{ name: 'table' }],
  attrs,
  splits: () => [{ operands: [1], outputs: [0] }],
  shape: ([table], attrs) => {
    const window = attrs['window'] as readonly number[];
    const g = geometryOf(attrs);
    if (window.length !== 2 || window.some((n) => n < 1) || g.tokens > elementCount(g.table)) {
      throw new ShapeError(
        `\`relative_position_bias\` of a window <${window.join(', ')}> by a table for <${g.table.join(', ')}>`,
        [],
        'a window that is not larger than that of the table',
      );
    }
    if (table.dims.length !== 2 || !table.dims[0].equals(g.entries)) {
      throw new ShapeError(
        `\`relative_position_bias\` for windows of <${g.table.join(', ')}> needs a table [${g.entries}, heads], ` +
          `found ${formatDims(table.dims)}`,
        [0],
      );
    }
    return [{ dims: [table.dims[1], Dim.of(g.tokens), Dim.of(g.tokens)], dtype: 'f32' }];
  },
  gradient: ({ b, grads, attrs }) => [b.apply('relative_position_bias_backward', [grads[0]!], attrs)],
  reference: ([table], attrs, [out]) => {
    const g = geometryOf(attrs);
    const heads = out[0];
    const data = new Float64Array(elementCount(out));
    eachPair(g, heads, (i, query, key, head) => {
      data[i] = table.data[entryOf(g.table, query, key) * heads + head];
    });
    return [{ shape: out, data }];
  },
  lowering: { kind: 'kernels' },
};

export const relative_position_bias_backward: PrimitiveOp = {
  kind: 'primitive',
  name: 'relative_position_bias_backward',
  doc: 'Gradient of relative_position_bias: each row of the table sums over the pairs that read it.',
  internal: true,
  operands: [{ name: 'dy' }],
  attrs,
  splits: () => [{ operands: [0], outputs: [1] }],
  shape: ([dy], attrs) => [{ dims: [Dim.of(geometryOf(attrs).entries), dy.dims[0]], dtype: 'f32' }],
  reference: ([dy], attrs, [out]) => {
    const g = geometryOf(attrs);
    const heads = out[1];
    const data = new Float64Array(elementCount(out));
    eachPair(g, heads, (i, query, key, head) => {
      data[entryOf(g.table, query, key) * heads + head] += dy.data[i];
    });
    return [{ shape: out, data }];
  },
  lowering: { kind: 'kernels' },
};

function eachPair(
  { tokens }: Geometry,
  heads: number,
  visit: (i: number, query: number, key: number, head: number) => void,
): void {
  let i = 0;
  for (let head = 0; head < heads; head++) {
    for (let query = 0; query < tokens; query++) {
      for (let key = 0; key < tokens; key++) visit(i++, query, key, head);
    }
  }
}
