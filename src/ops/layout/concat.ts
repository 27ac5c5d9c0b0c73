import { resolveAxis } from '../../ir/axis.ts';
import { type Dims, formatDims } from '../../ir/dim.ts';
import { elementCount, type Shape } from '../../ir/graph.ts';
import { type PrimitiveOp, type RefTensor, ShapeError } from '../../ir/op.ts';
import { uncutSplits } from '../../ir/split-rule.ts';
import { checkedAxis } from '../axis.ts';

export const concat: PrimitiveOp = {
  kind: 'primitive',
  name: 'concat',
  doc: 'Joins tensors along an axis; all other axes are equal (torch.cat): [..., m, ...], [..., n, ...] → [..., m + n, ...].',
  example: 'forward(x: [B, 8, 16, 16], skip: [B, 4, 16, 16]) -> [B, 12, 16, 16] { concat(x, skip, axis: 1) }',
  operands: [{ name: 'xs', variadic: true }],
  attrs: { axis: { type: 'int' } },
  splits: (inputs, outputs, attrs) => uncutSplits(inputs, outputs, [attrs['axis'] as number]),
  shape: (xs, attrs) => {
    if (xs.length === 0) throw new ShapeError('`concat` needs at least one tensor');
    const dims = xs.map((x) => x.dims);
    const axis = checkedAxis('concat', dims[0], attrs['axis'] as number);
    return [{ dims: joinedDims(dims, axis), dtype: xs[0].dtype }];
  },
  gradient: ({ b, inputs, grads, attrs, needs }) => {
    const axis = attrs['axis'] as number;
    if (inputs.length === 1) return [grads[0]];
    if (!inputs.every((_, i) => needs(i))) {
      let start = 0;
      return inputs.map((x, i) => {
        const [from, to] = [start, (start += b.shape(x).at(axis)!)];
        return needs(i) ? b.apply('slice', [grads[0]!], { axis, start: from, end: to }) : undefined;
      });
    }
    const sizes = inputs.map((x) => b.shape(x).at(axis)!);
    return b.applyAll('split', [grads[0]!], { sizes, axis });
  },
  reference: (xs, attrs, [out]) => {
    const axis = resolveAxis(attrs['axis'] as number, out.length);
    return [placed(xs, startsOf(xs, axis), out, axis)];
  },
  lowering: { kind: 'kernels' },
};

/** Gradient of `split`: what it concatenates has gaps where an output took no part in the loss. */
export const place: PrimitiveOp = {
  kind: 'primitive',
  name: 'place',
  doc: 'Tensors laid into zeros along an axis: operand i begins at `starts[i]`; the axis has `size` elements.',
  internal: true,
  operands: [{ name: 'xs', variadic: true }],
  attrs: { axis: { type: 'int' }, starts: { type: 'int[]' }, size: { type: 'int' } },
  splits: (inputs, outputs, attrs) => uncutSplits(inputs, outputs, [attrs['axis'] as number]),
  shape: (xs, attrs) => {
    const axis = checkedAxis('place', xs[0].dims, attrs['axis'] as number);
    const size = xs[0].dims[axis].map(() => attrs['size'] as number);
    joinedDims(
      xs.map((x) => x.dims),
      axis,
    );
    if (!size) throw new ShapeError('`place` along the batch', [0]);
    return [{ dims: xs[0].dims.map((d, a) => (a === axis ? size : d)), dtype: 'f32' }];
  },
  reference: (xs, attrs, [out]) => [
    placed(xs, attrs['starts'] as readonly number[], out, resolveAxis(attrs['axis'] as number, out.length)),
  ],
  lowering: { kind: 'kernels' },
};

export function joinedDims(all: readonly Dims[], axis: number): Dims {
  const [first] = all;
  let joined = first[axis];
  all.slice(1).forEach((dims, i) => {
    const differs = first.findIndex((d, a) => a !== axis && !(dims[a]?.equals(d) ?? false));
    const sum = dims[axis] && joined.plus(dims[axis]);
    if (dims.length !== first.length || differs >= 0 || !sum) {
      const why =
        dims.length !== first.length
          ? `${first.length} and ${dims.length} axes`
          : differs >= 0
            ? `axis ${differs} is ${first[differs]} and ${dims[differs]}`
            : `axis ${axis} is ${joined} and ${dims[axis]}, whose sum depends on the batch`;
      throw new ShapeError(
        `\`concat\` along axis ${axis} needs equal shapes but for that axis, found ${formatDims(first)} and ${formatDims(dims)}: ${why}`,
        [0, i + 1],
      );
    }
    joined = sum;
  });
  return first.map((d, a) => (a === axis ? joined : d));
}

export function startsOf(xs: readonly { readonly shape: Shape }[], axis: number): number[] {
  let start = 0;
  return xs.map((x) => (start += x.shape[axis]) - x.shape[axis]);
}

function placed(xs: readonly RefTensor[], starts: readonly number[], out: Shape, axis: number): RefTensor {
  const data = new Float64Array(elementCount(out));
  const inner = elementCount(out.slice(axis + 1));
  xs.forEach((x, k) => {
    const run = x.shape[axis] * inner;
    for (let i = 0; i < x.data.length; i++) {
      data[Math.floor(i / run) * out[axis] * inner + starts[k] * inner + (i % run)] = x.data[i];
    }
  });
  return { shape: out, data };
}
