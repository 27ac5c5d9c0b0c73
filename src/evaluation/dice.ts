import type { Labelling } from '../data/labelling.ts';
import type { ClassGroup } from '../data/target.ts';

/** Pixel counts of a region: in both maps, in the prediction only, in the truth only. */
export interface Overlap {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
}

/** One region in one image. */
export interface RegionScore extends Overlap {
  /** Dice similarity coefficient; NaN where the region is neither in the truth nor in the prediction. */
  readonly dsc: number;
}

/** Truth and prediction of one image or volume: class ids in the same order, in the truth negative where it is ignored. */
export interface LabelPair {
  readonly id: string;
  readonly truth: ArrayLike<number>;
  readonly prediction: ArrayLike<number>;
}

export interface DiceReport {
  /** By image, then in the order of the regions. */
  readonly images: readonly { readonly id: string; readonly scores: readonly RegionScore[] }[];
  /** By region: the mean over the images in which it is defined; NaN where it is in none. */
  readonly regionMeans: readonly number[];
  /** The mean of regionMeans, as nnU-Net's `foreground_mean`; NaN as soon as one of them is. */
  readonly mean: number;
}

/** All classes but the background together. */
export function wholeForeground(name: string, { classes }: Labelling): ClassGroup {
  return { name, classes: classes.map((_, id) => id).slice(1) };
}

/** 1 at each of the class ids. */
export function membership(classes: readonly number[]): Uint8Array {
  const members = new Uint8Array(Math.max(0, ...classes) + 1);
  for (const id of classes) members[id] = 1;
  return members;
}

/** Counts a region's pixels in two maps of the same length, but for those that the truth ignores. */
export function countOverlap(
  truth: ArrayLike<number>,
  prediction: ArrayLike<number>,
  classes: readonly number[],
): Overlap {
  if (truth.length !== prediction.length) {
    throw new RangeError(`truth has ${truth.length} pixels, prediction ${prediction.length}`);
  }
  const members = membership(classes);
  let [tp, fp, fn] = [0, 0, 0];
  for (let i = 0; i < truth.length; i++) {
    if (truth[i] < 0) continue;
    const inTruth = members[truth[i]] === 1;
    const inPrediction = members[prediction[i]] === 1;
    if (inTruth && inPrediction) tp++;
    else if (inPrediction) fp++;
    else if (inTruth) fn++;
  }
  return { tp, fp, fn };
}

/**
 * Dice similarity coefficient 2·tp / (2·tp + fp + fn) (L. R. Dice, Ecology 1945). Where the region is in
 * neither map (tp = fp = fn = 0) it is not defined: NaN, as nnU-Net has it, and means leave the image out.
 */
export function dice({ tp, fp, fn }: Overlap): number {
  return (2 * tp) / (2 * tp + fp + fn);
}

/**
 * DSC of each region in each image, and means over images as nnU-Net takes them: per region over the images
 * where it is defined, then over regions. Pixels are not pooled between images.
 */
export function evaluateDice(pairs: Iterable<LabelPair>, regions: readonly ClassGroup[]): DiceReport {
  const images = Array.from(pairs, ({ id, truth, prediction }) => ({
    id,
    scores: regions.map(({ classes }) => {
      const overlap = countOverlap(truth, prediction, classes);
      return { ...overlap, dsc: dice(overlap) };
    }),
  }));
  const regionMeans = regions.map((_, r) => {
    const defined = images.map(({ scores }) => scores[r].dsc).filter((dsc) => !Number.isNaN(dsc));
    return mean(defined);
  });
  return { images, regionMeans, mean: mean(regionMeans) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
