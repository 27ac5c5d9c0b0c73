import type { Triple } from './distance-transform.ts';

/** Instances that reach so many of the outermost pixels are cut off by the image, and dropped. */
const BORDER = 2;

/** From this intersection over union on, two instances may be the same. */
const LEAST_IOU = 0.5;

/** How instances of a prediction agree with those of the truth. */
export interface InstanceScore {
  /** Instances that count, in the truth and in the prediction. */
  readonly truth: number;
  readonly predicted: number;
  /** Pairs of the same instance, predicted ones without a partner, and true ones without. */
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/**
 * F1 of instances, as the NeurIPS 2022 challenge of cell segmentation takes it: those that reach the outer two pixels
 * are dropped on both sides; the others are paired one to one, as many as can be, where their intersection over union
 * is at least 0.5. Where nothing is predicted tp, fp, fn and all ratios are 0, as that evaluation has it; where there is
 * nothing on either side the ratios are not defined: NaN.
 *
 * @param truth ids of instances, [D, H, W], 0 for none
 * @param prediction the same
 */
export function scoreInstances(truth: Int32Array, prediction: Int32Array, shape: Triple): InstanceScore {
  const [a, b] = [withoutBorder(truth, shape), withoutBorder(prediction, shape)];
  const counts = { truth: a.size, predicted: b.size };
  if (b.size === 0) {
    const ratio = a.size === 0 ? Number.NaN : 0;
    return { ...counts, tp: 0, fp: 0, fn: 0, precision: ratio, recall: ratio, f1: ratio };
  }
  const tp = mostPairs(candidates(truth, a, prediction, b));
  const precision = tp / b.size;
  // Nothing is there to be found: what the prediction has is wrong.
  const recall = a.size === 0 ? 0 : tp / a.size;
  return {
    ...counts,
    tp,
    fp: b.size - tp,
    fn: a.size - tp,
    precision,
    recall,
    f1: (2 * tp) / (a.size + b.size),
  };
}

/** Instances that do not reach the border, with their sizes. An image has no border along its one slice. */
function withoutBorder(ids: Int32Array, [depth, height, width]: Triple): Map<number, number> {
  const sizes = new Map<number, number>();
  const cut = new Set<number>([0]);
  const outer = (at: number, size: number) => at < BORDER || at >= size - BORDER;
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const edge = (depth > 1 && outer(z, depth)) || outer(y, height);
      for (let x = 0; x < width; x++, i++) {
        const id = ids[i];
        if (id === 0) continue;
        if (edge || outer(x, width)) cut.add(id);
        else sizes.set(id, (sizes.get(id) ?? 0) + 1);
      }
    }
  }
  for (const id of cut) sizes.delete(id);
  return sizes;
}

/** For each true instance the predicted ones that may be the same. */
function candidates(
  truth: Int32Array,
  a: ReadonlyMap<number, number>,
  prediction: Int32Array,
  b: ReadonlyMap<number, number>,
): number[][] {
  const shared = new Map<number, Map<number, number>>();
  for (let i = 0; i < truth.length; i++) {
    if (!a.has(truth[i]) || !b.has(prediction[i])) continue;
    const row = shared.get(truth[i]) ?? new Map<number, number>();
    shared.set(truth[i], row.set(prediction[i], (row.get(prediction[i]) ?? 0) + 1));
  }
  return [...shared].map(([id, row]) =>
    [...row]
      .filter(([other, both]) => both / (a.get(id)! + b.get(other)! - both) >= LEAST_IOU)
      .map(([other]) => other),
  );
}

/**
 * The most pairs without anything twice. Only at an IoU of exactly 0.5 has an instance two candidates: they are its
 * halves, and have no other. So whichever is taken, no more pairs are possible.
 */
function mostPairs(rows: readonly (readonly number[])[]): number {
  const taken = new Set<number>();
  for (const row of rows) {
    const free = row.find((partner) => !taken.has(partner));
    if (free !== undefined) taken.add(free);
  }
  return taken.size;
}
