/**
 * What a recipe for training is made of: tables that the checker, the trainer, the documents and the command line
 * read. A new optimizer, loss, schedule, augmentation or initialiser is an entry here and what computes it: an op, or
 * a function that TypeScript asks for where it is missing.
 */
import { augmentations } from './augmentations.ts';
import { holdouts } from './holdouts.ts';
import { initialisers } from './initialisers.ts';
import { losses } from './losses.ts';
import { optimizers } from './optimizers.ts';
import { schedules } from './schedules.ts';
import type { Forms } from './setting.ts';
import { supervisions } from './supervision.ts';

/** A table, for documents. */
export interface Family {
  /** What one entry is called. */
  readonly kind:
    | 'loss'
    | 'supervision'
    | 'optimizer'
    | 'schedule'
    | 'augmentation'
    | 'holdout'
    | 'initialiser';
  readonly title: string;
  readonly doc: string;
  readonly forms: Forms;
}

export const families: readonly Family[] = [
  {
    kind: 'loss',
    title: 'Losses',
    doc: '`loss` is a sum of these, each with a factor or without.',
    forms: losses,
  },
  {
    kind: 'supervision',
    title: 'Supervision',
    doc: '`supervise` is one of these: how much the loss of each output counts. The weights are normalised to sum 1.',
    forms: supervisions,
  },
  {
    kind: 'optimizer',
    title: 'Optimizers',
    doc: '`optimizer` is one of these; `--set train.lr=1e-3` sets an argument of it. Defaults are those of torch.optim.',
    forms: optimizers,
  },
  {
    kind: 'schedule',
    title: 'Schedules',
    doc: '`schedule` is one of these: the learning rate of each step.',
    forms: schedules,
  },
  {
    kind: 'augmentation',
    title: 'Augmentations',
    doc: '`augment` is a sum of these. They are made in the order of this list, whatever the order in the sum.',
    forms: augmentations,
  },
  {
    kind: 'holdout',
    title: 'Held-back cases',
    doc: '`holdout` is a share of the cases, a list of their ids, or one of these.',
    forms: holdouts,
  },
  {
    kind: 'initialiser',
    title: 'Initialisers',
    doc: 'How a `param` or `buffer` starts. Without arguments no parentheses are needed.',
    forms: initialisers,
  },
];
