import { Dim, type Dims, formatDims, productOf } from '../../ir/dim.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';

export const reshape: PrimitiveOp = {
  kind: 'primitive',
  name: 'reshape',
  doc: 'The same elements, row-major, under another shape; one axis may be -1 (torch.reshape).',
  operands: [{ name: 'x' }],
  attrs: { shape: { type: 'int[]' } },
  shape: ([x], attrs) => [{ dims: inferred(x.dims, attrs['shape'] as readonly number[]), dtype: x.dtype }],
  gradient: ({ b, inputs, grads }) => [b.reshape(grads[0]!, b.shape(inputs[0]))],
  reference: ([x], _attrs, [out]) => [{ shape: out, data: x.data }],
  lowering: { kind: 'view' },
};

function inferred(from: Dims, shape: readonly number[]): Dims {
  const free = shape.indexOf(-1);
  const known = productOf(shape.filter((_, i) => i !== free).map((n) => Dim.of(n)));
  const total = productOf(from);
  const wrong = (why: string) =>
    new ShapeError(`\`reshape\` of ${formatDims(from)} to [${shape.join(', ')}]: ${why}`, [0]);
  if (!known || !total || shape.lastIndexOf(-1) !== free) throw wrong('one axis at most may be free');
  if (free < 0) {
    if (!known.equals(total)) throw wrong(`${total} elements do not fill ${known}`);
    return shape.map((n) => Dim.of(n));
  }
  const rest = total.over(known);
  if (!rest) throw wrong(`${total} elements cannot be divided by ${known}`);
  return shape.map((n, i) => (i === free ? rest : Dim.of(n)));
}
