import { resolveAxis } from '../ir/axis.ts';
import { type Dim, type Dims, formatDims } from '../ir/dim.ts';
import { ShapeError } from '../ir/op.ts';

/** An axis that may count from the end. Throws {@link ShapeError} where there is no such axis. */
export function checkedAxis(op: string, dims: Dims, axis: number): number {
  const at = resolveAxis(axis, dims.length);
  if (!Number.isInteger(at) || at < 0 || at >= dims.length) {
    throw new ShapeError(
      `\`${op}\` over axis ${axis} of ${formatDims(dims)}, which has ${dims.length} axes`,
      [0],
      dims.length === 0 ? undefined : `axes are 0 to ${dims.length - 1}, or -${dims.length} to -1`,
    );
  }
  return at;
}

/** Several axes, none twice, in the order given. Throws {@link ShapeError}. */
export function checkedAxes(op: string, dims: Dims, axes: readonly number[]): number[] {
  const at = axes.map((a) => checkedAxis(op, dims, a));
  if (new Set(at).size < at.length) {
    throw new ShapeError(`\`${op}\` names an axis of ${formatDims(dims)} twice: <${axes.join(', ')}>`, [0]);
  }
  return at;
}

/**
 * Checks an operand that may be left out and is one number for each of `size`: a bias, say. `operands` are those to
 * point at, `beside` is what the message names with it. Throws {@link ShapeError}.
 */
export function checkVector(
  op: string,
  what: string,
  dims: Dims | undefined,
  size: Dim,
  operands: readonly number[],
  beside?: Dims,
): void {
  if (!dims || (dims.length === 1 && dims[0].equals(size))) return;
  const of = beside ? ` of ${formatDims(beside)}` : '';
  throw new ShapeError(`\`${op}\`${of} needs ${what} [${size}], found ${formatDims(dims)}`, operands);
}
