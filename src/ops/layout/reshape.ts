import { Dim, type Dims, dimsOf, formatDims } from '../../ir/dim.ts';
import type { Attrs } from '../../ir/graph.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { cutAxes, cutShape, sameSlices } from '../../ir/split-rule.ts';

export const reshape: PrimitiveOp = {
  kind: 'primitive',
  name: 'reshape',
  doc: 'The same elements, row-major, under another shape; one axis may be -1, which is worked out (torch.reshape): x [...] → `shape`.',
  example: 'forward(x: [B, 8, 16, 16]) -> [B, 8, 256] { reshape(x, [B, 8, 256]) }',
  operands: [{ name: 'x' }],
  attrs: { shape: { type: 'int[]', sizes: true } },
  splits: ([x], [y]) =>
    cutAxes(x).flatMap((from) =>
      cutAxes(y)
        .filter((to) => sameSlices(x, from, y, to))
        .map((to) => ({
          operands: [from],
          outputs: [to],
          attrs: (part: number, whole: number) => ({ shape: cutShape(y, to, part, whole) }),
        })),
    ),
  shape: ([x], attrs, sizes) => [{ dims: inferred(x.dims, sizes ?? shapeOf(attrs)), dtype: x.dtype }],
  gradient: ({ b, inputs, grads }) => [b.reshape(grads[0]!, b.shape(inputs[0]))],
  reference: ([x], _attrs, [out]) => [{ shape: out, data: x.data }],
  lowering: { kind: 'view' },
};

const shapeOf = (attrs: Attrs) => dimsOf(attrs['shape'] as readonly number[]);

/** A number of elements: `size` times a power of the batch size. */
interface Count {
  readonly size: number;
  readonly batches: number;
}

function count(dims: Dims): Count {
  return {
    size: dims.reduce((n, d) => n * d.size, 1),
    batches: dims.filter((d) => d.batch).length,
  };
}

function inferred(from: Dims, shape: Dims): Dims {
  const free = shape.findIndex((d) => d.equals(-1));
  const known = count(shape.filter((_, i) => i !== free));
  const total = count(from);
  const wrong = (why: string, hint?: string) =>
    new ShapeError(`\`reshape\` of ${formatDims(from)} to ${formatDims(shape)}: ${why}`, [0], hint);
  const bad = shape.find((d, i) => i !== free && d.size < 1);
  if (bad)
    throw wrong(
      bad.equals(-1) ? 'one axis at most may be -1' : `an axis cannot be ${bad}`,
      'sizes of at least 1, and -1 at most once',
    );
  if (known.batches > total.batches) {
    throw wrong('the new shape holds the batch more often than the tensor', 'sizes without `B`');
  }
  if (total.batches > known.batches + (free >= 0 ? 1 : 0)) {
    throw wrong('the batch has no place in the new shape', 'an axis of `B`, or of `B` times a number');
  }
  if (free < 0) {
    if (known.size !== total.size) throw wrong(`${elements(total)}, not ${elements(known)}`);
    return shape;
  }
  if (total.size % known.size !== 0) {
    throw wrong(`${elements(total)} cannot be divided by ${known.size}, the product of the other axes`);
  }
  const size = Dim.of(total.size / known.size);
  const rest = total.batches > known.batches ? size.times(Dim.B)! : size;
  return shape.map((d, i) => (i === free ? rest : d));
}

/** `768 elements a sample` */
function elements({ size, batches }: Count): string {
  return `${size} ${size === 1 ? 'element' : 'elements'}${batches > 0 ? ' a sample' : ''}`;
}
