import { scale } from '../math.ts';
import { type Chosen, type Form, flag, number, numbersOrNone } from './setting.ts';

/** A term of a loss: an op of logits and labels, whose attributes are the arguments. */
interface Loss extends Form {
  readonly op: string;
  /** Its outputs are regions, which may lie in one another: always, or where an argument says so; left out: classes. */
  readonly regions?: 'always' | 'sigmoid';
}

const overlaps = {
  batch: flag('one score over the whole batch instead of one a sample'),
  background: flag('class 0 counts too'),
  smooth: number('added to numerator and denominator', { least: 0, f32: true }, 1e-5),
  sigmoid: flag(
    'the outputs are regions, each with a sigmoid, of which all count; a target is a set of bits, one a region',
  ),
};

/** What a loss is a sum of. */
export const losses = {
  cross_entropy: {
    args: {
      weights: numbersOrNone('one a class, by which the mean is weighted', { least: 0, f32: true }),
      label_smoothing: number(
        'share of each target that is spread over all classes',
        { least: 0, below: 1, f32: true },
        0,
      ),
    },
    op: 'cross_entropy',
    doc: 'Cross-entropy of logits and class ids, the mean over samples and pixels but those that are ignored (torch.nn.CrossEntropyLoss).',
    example: 'loss = cross_entropy(weights: <0.2, 1, 2>) + dice',
  },
  dice: {
    args: overlaps,
    op: 'dice_loss',
    regions: 'sigmoid',
    doc: "nnU-Net's soft Dice loss: minus the mean Dice score of the classes' probabilities (F. Isensee et al., Nature Methods 2021). Ignored pixels are in no sum.",
    example: 'loss = cross_entropy + 0.5 * dice(batch: true)',
  },
  focal: {
    args: {
      gamma: number(
        'how much less counts what is right already; 0 is cross-entropy',
        { least: 0, f32: true },
        2,
      ),
      alpha: numbersOrNone('one a class, by which its pixels are multiplied', { least: 0, f32: true }),
    },
    op: 'focal_loss',
    doc: 'Focal loss: cross-entropy of each pixel times (1 − p)^gamma, p the probability of its class; the mean over samples and pixels but those that are ignored (Lin et al. 2017, arXiv 1708.02002).',
    example: 'loss = focal(gamma: 2, alpha: <0.25, 1, 1>)',
  },
  tversky: {
    args: {
      alpha: number('how much false positives count', { least: 0, f32: true }, 0.5),
      beta: number('how much what is missed counts', { least: 0, f32: true }, 0.5),
      ...overlaps,
    },
    op: 'tversky_loss',
    regions: 'sigmoid',
    doc: 'Minus the mean Tversky index of the classes, which is a Dice score that weighs false positives and what is missed apart (Salehi et al. 2017, arXiv 1706.05721). Like `dice` it falls to -1, and ignored pixels are in no sum.',
    example: 'loss = cross_entropy + tversky(alpha: 0.3, beta: 0.7)',
  },
  binary_cross_entropy: {
    args: {},
    op: 'binary_cross_entropy',
    regions: 'always',
    doc: 'Cross-entropy of regions, each with a sigmoid; a target is a set of bits, one a region. The mean over samples, regions and pixels but those that are ignored (torch.nn.BCEWithLogitsLoss).',
    example: 'loss = binary_cross_entropy + dice(sigmoid: true)',
  },
} as const satisfies Readonly<Record<string, Loss>>;

/** nnU-Net's loss of regions, as a spec has it. */
export const REGION_LOSS = 'binary_cross_entropy + dice(batch: true, sigmoid: true, smooth: 1e-5)';

/** The label of what no loss counts. Ops ignore every label that is no class; what takes labels from outside takes no other. */
export const IGNORED = -1;

/** Bits of a label that can stand for regions: an i32 has 31 beside its sign, and -1 is ignored. */
export const MOST_REGIONS = 30;

/** A term with its factor. */
export type LossTerm = Chosen<typeof losses> & { readonly weight: number };

/** Whether a term compares regions, whose targets are sets of bits, and not class ids. */
export function isOfRegions(term: LossTerm): boolean {
  const { regions }: Loss = losses[term.kind];
  return regions === 'always' || (regions === 'sigmoid' && 'sigmoid' in term && term.sigmoid);
}

/** How many values labels have, from 0 on: class ids, or sets of regions. */
export const labelValues = (terms: readonly LossTerm[], channels: number): number =>
  terms.some(isOfRegions) ? scale(1, channels) : channels;

/** Arguments of which there is one number a class. */
export const CLASS_ARGUMENTS = ['weights', 'alpha'] as const;
