import { resolveAxis } from './axis.ts';
import { greatestCommonDivisor } from './divisor.ts';
import { type Attrs, elementCount, type Shape } from './graph.ts';

/**
 * One way in which a node falls apart into nodes of its own op on slices of its tensors, as a batch does into samples.
 * All axes that a rule names are cut at the same shares of their sizes.
 */
export interface SplitRule {
  /** By operand: the axis that is cut; `undefined`: every part takes the whole operand. */
  readonly operands: readonly (number | undefined)[];
  /** By output: the axis along which the parts lie, or how the parts' outputs become the whole. */
  readonly outputs: readonly (number | Combined)[];
  /** Into how many equal shares the axes can be cut at most; left out: as their sizes allow. */
  readonly units?: number;
  /** Attributes of a part that has `part` of `whole` equal shares of the axes; left out where they stay as they are. */
  attrs?(part: number, whole: number): Attrs;
  /** Outputs that are multiplied by the part's share: the node divides by the size of the axis, a part by its own. */
  readonly weighed?: readonly number[];
}

/** `sum`: of the parts; `mean`: of the parts, each weighed by its share. */
export type Combined = 'sum' | 'mean';

/** Whether a part's output is multiplied by the part's share. */
export function isWeighed(rule: SplitRule, output: number): boolean {
  return rule.outputs[output] === 'mean' || (rule.weighed?.includes(output) ?? false);
}

/** The axis along which a tensor's slices lie one after the other in memory: all axes before it are 1. */
export function leadingAxis(shape: Shape): number {
  const axis = shape.findIndex((size) => size !== 1);
  return Math.max(axis, 0);
}

/** Rules of an op whose elements are computed each by itself, from operands that broadcast to the output. */
export function elementSplits(inputs: readonly Shape[], [out]: readonly Shape[]): SplitRule[] {
  return cutAxes(out).map((axis) => ({
    operands: inputs.map((shape) => {
      const at = axis - (out.length - shape.length);
      return shape[at] === out[axis] ? at : undefined;
    }),
    outputs: [axis],
  }));
}

/** Rules of an op that has one operand and outputs of its rank, and works on every slice of some axes by itself. */
export function sliceSplits(
  inputs: readonly Shape[],
  outputs: readonly Shape[],
  axes: readonly number[],
): SplitRule[] {
  return axes
    .filter((axis) => inputs[0][axis] > 1)
    .map((axis) => ({ operands: inputs.map(() => axis), outputs: outputs.map(() => axis) }));
}

/** The same for all axes but some, which may count from the end. */
export function uncutSplits(
  inputs: readonly Shape[],
  outputs: readonly Shape[],
  whole: readonly number[],
): SplitRule[] {
  const rank = inputs[0].length;
  const kept = whole.map((axis) => resolveAxis(axis, rank));
  const axes = inputs[0].map((_, axis) => axis).filter((axis) => !kept.includes(axis));
  return sliceSplits(inputs, outputs, axes);
}

/** All axes of a shape that can be cut. */
export function cutAxes(shape: Shape): number[] {
  return shape.flatMap((size, axis) => (size > 1 ? [axis] : []));
}

/** Whether slices of axis `a` of one shape and of axis `b` of another are the same elements, row-major. */
export function sameSlices(from: Shape, a: number, to: Shape, b: number): boolean {
  return elementCount(from.slice(0, a)) === elementCount(to.slice(0, b));
}

/** Several values of `shape`, an attribute of sizes, with one axis cut. */
export function cutShape(shape: Shape, axis: number, part: number, whole: number): number[] {
  return shape.map((size, a) => (a === axis ? (size * part) / whole : size));
}

/** Into how many equal shares a rule can cut the axes that it names. */
export function unitsOf(rule: SplitRule, inputs: readonly Shape[], outputs: readonly Shape[]): number {
  const sizes = [
    ...rule.operands.flatMap((axis, i) => (axis === undefined ? [] : [inputs[i][axis]])),
    ...rule.outputs.flatMap((axis, o) => (typeof axis === 'number' ? [outputs[o][axis]] : [])),
    ...(rule.units === undefined ? [] : [rule.units]),
  ];
  return sizes.reduce((a, b) => greatestCommonDivisor(a, b), 0);
}
