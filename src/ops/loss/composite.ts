import type { GraphBuilder } from '../../ir/builder.ts';
import { type Attrs, elementCount, type ValueId } from '../../ir/graph.ts';
import { labelPlanes } from './label_planes.ts';
import { sharedLogSumExp } from './log_sum_exp.ts';

// What losses that have no kernels of their own are made of.

/** Which labels count: class ids below `classes`, or sets of so many regions. */
export interface Labels {
  readonly classes: number;
  readonly regions: boolean;
}

/** Planes of labels [B, ...]: → [B, classes, ...], 1 where a label is the class or has the region. */
export const planesOf = (b: GraphBuilder, target: ValueId, labels: Labels, attrs: Attrs = {}): ValueId =>
  b.apply(labelPlanes.name, [target], { ...labels, ...attrs });

/** [B, 1, ...]: 1 where a label counts, 0 where it is ignored. */
export const countedOf = (b: GraphBuilder, target: ValueId, labels: Labels): ValueId =>
  planesOf(b, target, labels, { each: false, on: 1, off: 1 });

/**
 * By what the mean over all positions is multiplied, to be the mean over those that count: a scalar. It is 1 to the last
 * bit where all count, and finite where none does, so that a loss of nothing is 0.
 */
export function countedShare(b: GraphBuilder, target: ValueId, labels: Labels): ValueId {
  const positions = elementCount(b.shape(target));
  // Made first, so that the quotient needs no dispatch of its own.
  const all = b.apply('full', [], { shape: [], value: positions });
  const ignored = planesOf(b, target, labels, { each: false, on: 0, off: 0, ignored: 1 });
  const counted = b.affine(sumAll(b, ignored), -1, positions);
  const least1 = b.add(counted, b.apply('relu', [b.affine(counted, -1, 1)]));
  return b.div(all, least1);
}

/** Sum of all elements. */
export const sumAll = (b: GraphBuilder, x: ValueId): ValueId => b.sum(x, [...b.shape(x).keys()]);

/** x − log Σ exp(x) over axis 1: log-probabilities [B, C, ...]. */
export function logProbabilities(b: GraphBuilder, x: ValueId): ValueId {
  const [batch, , ...space] = b.shape(x);
  return b.sub(x, b.reshape(sharedLogSumExp(b, x), [batch, 1, ...space]));
}

/** What a quotient of overlaps is made of. `factor`: of the overlap above, the others of what stands below. */
export interface Overlap {
  readonly factor: number;
  readonly predicted: number;
  readonly wanted: number;
  readonly both: number;
  readonly smooth: number;
}

/** Below this a denominator is clipped, as nnU-Net does. */
export const LEAST_DENOMINATOR = 1e-8;

/**
 * −mean of (factor Σ p·y + smooth) / max(predicted Σ p + wanted Σ y + both Σ p·y + smooth, 1e-8) over classes, and over
 * samples unless the sums run over the batch; p are sigmoids of x for regions, else its softmax over axis 1. What is
 * ignored is in no sum.
 */
export function overlapLoss(
  b: GraphBuilder,
  [x, target]: readonly ValueId[],
  overlap: Overlap,
  { regions, batch, background }: { regions: boolean; batch: boolean; background: boolean },
): ValueId {
  const shape = b.shape(x);
  const labels = { classes: shape[1], regions };
  const axes = [...shape.keys()].filter((axis) => axis > 1 || (batch && axis === 0));
  const p = regions ? b.apply('sigmoid', [x]) : b.apply('softmax', [x], { axis: 1 });
  const y = planesOf(b, target, labels);
  const sums = [b.mul(p, y), b.mul(p, countedOf(b, target, labels)), y].map((v) => {
    const sum = b.sum(v, axes);
    // Regions have no background.
    if (background || regions) return sum;
    return b.apply('slice', [sum], { axis: batch ? 0 : 1, start: 1, end: shape[1] });
  });
  const [both, predicted, wanted] = sums;
  const outside = b.add(b.affine(predicted, overlap.predicted), b.affine(wanted, overlap.wanted));
  const whole = b.add(b.affine(outside, 1, overlap.smooth), b.affine(both, overlap.both));
  const clipped = b.apply('relu', [b.affine(whole, 1, -LEAST_DENOMINATOR)]);
  const scores = b.div(
    b.affine(both, overlap.factor, overlap.smooth),
    b.affine(clipped, 1, LEAST_DENOMINATOR),
  );
  return b.affine(sumAll(b, scores), -1 / elementCount(b.shape(scores)));
}
