import { exp } from '../math.ts';

/**
 * How the channels of an output become class ids. Of classes it is the likeliest, the lowest where several tie. Regions are
 * painted one after the other wherever they are likelier than not, each with the class of its channel; the rest is class 0.
 */
export interface Readout {
  /** K: channels of the logits. */
  readonly classes: number;
  /** Of regions, by channel, the class that is painted; absent where channels are classes. */
  readonly painted?: readonly number[];
}

/** Class ids of logits [K, count]. */
export function labelsOfLogits(logits: Float32Array, { classes, painted }: Readout): Uint8Array {
  return painted ? paint(logits, painted, 0) : largest(logits, classes);
}

/** Class ids of sums [K, count] of the probabilities of so many networks. */
export function labelsOfSums(
  sums: Float32Array,
  { classes, painted }: Readout,
  networks: number,
): Uint8Array {
  return painted ? paint(sums, painted, networks / 2) : largest(sums, classes);
}

/** Probabilities of logits [K, count], in place: the softmax over classes, or the sigmoid of each region. */
export function toProbabilities(logits: Float32Array, { classes, painted }: Readout): Float32Array {
  return painted ? sigmoid(logits) : softmax(logits, classes);
}

function largest(values: Float32Array, classes: number): Uint8Array {
  const count = values.length / classes;
  return Uint8Array.from({ length: count }, (_, i) => {
    let best = i;
    for (let at = i + count; at < values.length; at += count) if (values[at] > values[best]) best = at;
    return Math.floor(best / count);
  });
}

function paint(values: Float32Array, painted: readonly number[], threshold: number): Uint8Array {
  const count = values.length / painted.length;
  const labels = new Uint8Array(count);
  for (const [k, id] of painted.entries())
    for (let i = 0; i < count; i++) if (values[k * count + i] > threshold) labels[i] = id;
  return labels;
}

function sigmoid(values: Float32Array): Float32Array {
  for (let i = 0; i < values.length; i++) values[i] = 1 / (1 + exp(-values[i]));
  return values;
}

function softmax(values: Float32Array, classes: number): Float32Array {
  const count = values.length / classes;
  const one = new Float64Array(classes);
  for (let i = 0; i < count; i++) {
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) most = Math.max(most, values[k * count + i]);
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += one[k] = exp(values[k * count + i] - most);
    for (let k = 0; k < classes; k++) values[k * count + i] = one[k] / sum;
  }
  return values;
}
