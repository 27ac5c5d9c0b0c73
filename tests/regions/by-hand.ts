import { IGNORE, labelOf, PLANE, REGIONS } from './data.ts';

// What is expected, in float64 and plain loops, from nothing but the files' voxels.

/** The network: a logit a region, or class, of one channel. */
export interface Weights {
  readonly weight: ArrayLike<number>;
  readonly bias: ArrayLike<number>;
}

/** A slice as it is trained on: normalised pixels, and values of the label map. */
export interface Plane {
  readonly x: readonly number[];
  readonly values: readonly number[];
}

export const planeOf = (id: string, z: number, x: readonly number[]): Plane => ({
  x: x.slice(z * PLANE, (z + 1) * PLANE),
  values: [...labelOf(id).subarray(z * PLANE, (z + 1) * PLANE)],
});

export const zScored = (image: Float32Array): number[] => {
  const mean = image.reduce((sum, v) => sum + v, 0) / image.length;
  const variance = image.reduce((sum, v) => sum + (v - mean) ** 2, 0) / image.length;
  return Array.from(image, (v) => (v - mean) / Math.sqrt(variance));
};

export interface Figures {
  readonly percentile_00_5: number;
  readonly percentile_99_5: number;
  readonly mean: number;
  readonly std: number;
}

/** nnU-Net's normalisation of CT. */
export const clipped = (image: Float32Array, figures: Figures): number[] =>
  Array.from(
    image,
    (v) =>
      (Math.min(Math.max(v, figures.percentile_00_5), figures.percentile_99_5) - figures.mean) / figures.std,
  );

export const logit = ({ weight, bias }: Weights, region: number, x: number) =>
  weight[region] * x + bias[region];

export const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

const inRegion = (region: number, value: number) =>
  (REGIONS[region].values as readonly number[]).includes(value);

/** binary_cross_entropy + dice(batch: true, sigmoid: true, smooth: 1e-5) of a batch; what is ignored counts nowhere. */
export function lossOf(batch: readonly Plane[], weights: Weights): number {
  const smooth = 1e-5;
  let [entropy, terms, dice] = [0, 0, 0];
  for (const region of REGIONS.keys()) {
    let [both, predicted, wanted] = [0, 0, 0];
    for (const { x, values } of batch) {
      for (let i = 0; i < x.length; i++) {
        if (values[i] === IGNORE) continue;
        const y = inRegion(region, values[i]) ? 1 : 0;
        const l = logit(weights, region, x[i]);
        const p = sigmoid(l);
        entropy -= y * Math.log(p) + (1 - y) * Math.log(1 - p);
        terms++;
        both += p * y;
        predicted += p;
        wanted += y;
      }
    }
    dice += (2 * both + smooth) / (predicted + wanted + smooth);
  }
  return entropy / terms - dice / REGIONS.length;
}

/** cross_entropy of a batch with a logit a class, whose values are 0, 1, … and IGNORE. */
export function crossEntropyOf(batch: readonly Plane[], weights: Weights): number {
  let [sum, count] = [0, 0];
  for (const { x, values } of batch) {
    for (let i = 0; i < x.length; i++) {
      if (values[i] === IGNORE) continue;
      const logits = Array.from(weights.bias, (_, k) => logit(weights, k, x[i]));
      sum += Math.log(logits.reduce((s, l) => s + Math.exp(l), 0)) - logits[values[i]];
      count++;
    }
  }
  return sum / count;
}

/** What is written to a prediction of such probabilities, a region after the other. */
export function paintedBy(probability: (region: number, i: number) => number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    let value = 0;
    for (const [region, { painted }] of REGIONS.entries()) if (probability(region, i) > 0.5) value = painted;
    return value;
  });
}

/** True and false positives and false negatives of a region, of label values. */
export function countsOf(region: number, truth: ArrayLike<number>, found: (i: number) => boolean) {
  let [tp, fp, fn] = [0, 0, 0];
  for (let i = 0; i < truth.length; i++) {
    if (truth[i] === IGNORE) continue;
    const wanted = inRegion(region, truth[i]);
    if (wanted && found(i)) tp++;
    else if (wanted) fn++;
    else if (found(i)) fp++;
  }
  return { tp, fp, fn };
}

export const diceOf = ({ tp, fp, fn }: { tp: number; fp: number; fn: number }) =>
  (2 * tp) / (2 * tp + fp + fn);

/** Dice of a region between two maps of label values. */
export const regionDice = (region: number, truth: ArrayLike<number>, prediction: ArrayLike<number>) =>
  diceOf(countsOf(region, truth, (i) => inRegion(region, prediction[i])));

/** The region alone, as 0 and 1; 0 wherever the truth is ignored. */
export const maskOf = (region: number, map: ArrayLike<number>, truth: ArrayLike<number>): Uint8Array =>
  Uint8Array.from(map, (value, i) => (truth[i] !== IGNORE && inRegion(region, value) ? 1 : 0));
