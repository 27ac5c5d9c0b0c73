import { isOfRegions, type LossTerm } from '../recipe/losses.ts';
import type { ModelOutput, TrainSection } from './model.ts';

/** How an output is compared with labels. */
export interface Compared {
  readonly output: ModelOutput;
  /** Of its loss in the sum; 0 of a first output that predicts without being trained. */
  readonly weight: number;
  readonly loss: readonly LossTerm[];
  /** As `Head` has it; absent where the labels are those of the data set. */
  readonly target: readonly (readonly string[])[] | undefined;
  /** Whether its labels are sets of regions, a bit each, and not classes. */
  readonly regions: boolean;
  /** The input of the graph that holds its labels: outputs with the same target share one. */
  readonly labels: string;
}

/** The input of a training step for labels; further ones are `target.NAME`, after the first output that they are of. */
export const LABELS = 'target';

type Parts = Pick<TrainSection, 'loss' | 'supervise' | 'heads'>;

/**
 * The outputs that a section trains, and the first, in order. Labels of the first trained output are {@link LABELS}.
 */
export function comparedOutputs(
  outputs: readonly ModelOutput[],
  { loss: shared, supervise, heads = {} }: Parts,
): Compared[] {
  const compared = outputs.flatMap((output, i) => {
    const weight = supervise[i];
    if (weight === 0 && i > 0) return [];
    const { loss = shared, target } = heads[output.name] ?? {};
    return [{ output, weight, loss, target, regions: loss.some(isOfRegions) }];
  });
  const named = new Map<string, string>();
  const keyOf = ({ target, regions }: (typeof compared)[number]) => JSON.stringify([target ?? null, regions]);
  for (const one of [...compared].sort((a, b) => Number(a.weight === 0) - Number(b.weight === 0))) {
    const key = keyOf(one);
    if (!named.has(key)) named.set(key, named.size === 0 ? LABELS : `${LABELS}.${one.output.name}`);
  }
  return compared.map((one) => ({ ...one, labels: named.get(keyOf(one))! }));
}

/** Of the outputs that are trained, the first of each input of labels. */
export const trainedLabels = (outputs: readonly ModelOutput[], section: Parts): Compared[] =>
  firstOfEach(comparedOutputs(outputs, section).filter(({ weight }) => weight !== 0));

/** The first output of each input of labels. */
export const firstOfEach = (compared: readonly Compared[]): Compared[] =>
  compared.filter((one, i) => compared.findIndex(({ labels }) => labels === one.labels) === i);
