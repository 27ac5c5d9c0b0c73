import { type Dims, formatDims } from '../../ir/dim.ts';
import { elementCount, type Shape, stridesOf } from '../../ir/graph.ts';
import type { KernelCall, LowerContext, UniformType } from '../../ir/kernel.ts';
import { type PrimitiveOp, type RefTensor, ShapeError } from '../../ir/op.ts';
import { uncutSplits } from '../../ir/split-rule.ts';
import { checkedAxis, resolveAxis } from '../axis.ts';

const WORKGROUP = 64;
/** Neighbours that a thread copies, as far as they are all of one operand (see strided-copy.ts). */
const RUNS = [16, 8, 4, 1];
/** Storage buffers left to what is fused behind a concatenation. */
const SPARE_BINDINGS = 3;

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
    return [{ dims: joinedDims(dims, axis), dtype: 'f32' }];
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
  lowering: {
    kind: 'kernels',
    lower: (c) => {
      const axis = resolveAxis(c.attrs['axis'] as number, c.outputs[0].shape.length);
      return placeCalls(c, startsOf(c.inputs, axis), axis);
    },
  },
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
  lowering: {
    kind: 'kernels',
    lower: (c) =>
      placeCalls(
        c,
        c.attrs['starts'] as readonly number[],
        resolveAxis(c.attrs['axis'] as number, c.outputs[0].shape.length),
      ),
  },
};

function joinedDims(all: readonly Dims[], axis: number): Dims {
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

function startsOf(xs: readonly { readonly shape: Shape }[], axis: number): number[] {
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

/**
 * One kernel that selects the operand of each output element, as long as the bindings suffice. Otherwise the
 * first operands are joined in scratch memory and take part as one.
 */
function placeCalls(c: LowerContext, starts: readonly number[], axis: number): KernelCall[] {
  const [y] = c.outputs;
  const inner = stridesOf(y.shape)[axis];
  const most = Math.max(2, c.limits.maxStorageBuffersPerShaderStage - 1 - SPARE_BINDINGS);
  const parts = c.inputs.map((value, k) => ({
    value,
    start: starts[k] * inner,
    end: (starts[k] + value.shape[axis]) * inner,
  }));
  const calls: KernelCall[] = [];
  while (parts.length > most) {
    const group = parts.splice(0, most);
    const [from, to] = [group[0].start, group[most - 1].end];
    const joined = c.scratch([elementCount(y.shape.slice(0, axis)), to - from]);
    calls.push(placeCall(group, from, joined));
    parts.unshift({ value: joined, start: from, end: to });
  }
  calls.push(placeCall(parts, 0, y));
  return calls;
}

interface Part {
  readonly value: LowerContext['inputs'][number];
  /** Where its rows lie in the rows of the output, in elements. */
  readonly start: number;
  readonly end: number;
}

function placeCall(parts: readonly Part[], origin: number, y: Part['value']): KernelCall {
  const count = elementCount(y.shape);
  const rows = elementCount(parts[0].value.shape) / (parts[0].end - parts[0].start);
  const row = count / rows;
  const edges = [row, ...parts.flatMap(({ start, end }) => [start - origin, end - origin])];
  const run = RUNS.find((n) => edges.every((e) => e % n === 0))!;
  const uniforms: [string, UniformType, number][] = [
    ['count', 'u32', count],
    ['row', 'u32', row],
  ];
  parts.forEach(({ start, end }, k) => {
    uniforms.push([`start${k}`, 'u32', start - origin], [`end${k}`, 'u32', end - origin]);
  });
  return {
    template: 'concat',
    options: { parts: parts.length, run, workgroup: WORKGROUP },
    uniforms,
    reads: parts.map(({ value }, k) => ({ name: `x${k}`, value })),
    writes: [{ name: 'y', value: y }],
    workgroups: [Math.ceil(count / (WORKGROUP * run)), 1, 1],
    fusable: 'y',
  };
}
