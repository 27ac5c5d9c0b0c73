import { type Chosen, type Form, flag, number } from './setting.ts';

/** A term of a loss: an op of logits and labels, whose attributes are the arguments. */
interface Loss extends Form {
  readonly op: string;
}

/** What a loss is a sum of. */
export const losses = {
  cross_entropy: {
    args: {},
    op: 'cross_entropy',
    doc: 'Cross-entropy of logits and class ids, the mean over samples and pixels (torch.nn.CrossEntropyLoss).',
    example: 'loss = cross_entropy',
  },
  dice: {
    args: {
      batch: flag('one Dice score over the whole batch instead of one a sample'),
      background: flag('class 0 counts too'),
      smooth: number('added to numerator and denominator', { least: 0, f32: true }, 1e-5),
    },
    op: 'dice_loss',
    doc: "nnU-Net's soft Dice loss: minus the mean Dice score of the classes' probabilities (F. Isensee et al., Nature Methods 2021).",
    example: 'loss = cross_entropy + 0.5 * dice(batch: true)',
  },
} as const satisfies Readonly<Record<string, Loss>>;

/** A term with its factor. */
export type LossTerm = Chosen<typeof losses> & { readonly weight: number };
