import { Dim, type Dims, formatDims } from '../../ir/dim.ts';
import { type OperandSpec, ShapeError, type TensorType } from '../../ir/op.ts';
import { checkVector } from '../axis.ts';

/** The operands of a normalisation with an optional affine part. */
export const affineOperands: readonly OperandSpec[] = [
  { name: 'x' },
  { name: 'weight', optional: true },
  { name: 'bias', optional: true },
];

/** fvcore counts five operations an element, four where there is no affine part. */
export const normalisationMacs = (operands: number, elements: number) => (operands > 1 ? 5 : 4) * elements;

/** Weight and bias must both be there, or neither, and be as long as `channels`. Throws {@link ShapeError}. */
export function checkAffine(name: string, inputs: readonly TensorType[], channels: Dim): void {
  const [x, weight, bias] = inputs;
  if (weight && !bias) {
    throw new ShapeError(`\`${name}\` has a weight but no bias`, [1], 'pass both or neither');
  }
  [weight, bias].forEach((operand, i) => {
    checkVector(name, i === 0 ? 'a weight' : 'a bias', operand?.dims, channels, [0, i + 1], x.dims);
  });
}

/** The channel axis of [B, C, ...]. Throws {@link ShapeError}. */
export function channelsOf(name: string, dims: Dims): Dim {
  if (dims.length < 3 || dims[1].batch) {
    throw new ShapeError(
      `\`${name}\` needs [B, C, ...] with at least one axis after C, found ${formatDims(dims)}`,
      [0],
    );
  }
  return dims[1];
}

/** Mean and reciprocal standard deviation of each of `rows`. */
export function statsType(rows: Dim): TensorType {
  return { dims: [rows, Dim.of(2)], dtype: 'f32' };
}
