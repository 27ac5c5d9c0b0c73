import { type Chosen, type Form, textOrNone, whole, wholeNeeded } from './setting.ts';

/** Which cases are held back from training, where it is neither a share of them nor a list. */
export const holdouts = {
  fold: {
    args: {
      index: wholeNeeded('which fold is held back, from 0', 0),
      of: whole('how many folds there are', 2, 5),
      group: textOrNone(
        'pattern of ids; cases for which its `*` stand for the same text stay in one fold, such as the slices of a patient',
      ),
      from: textOrNone(
        "file with the folds, in nnU-Net's form (`splits_final.json`), its path relative to the data set",
      ),
    },
    doc: "One fold of a cross-validation. The folds are nnU-Net's: the ids, sorted, are shuffled (scikit-learn's KFold with the seed 12345, whatever the seed of the run) and cut into parts of nearly one size.",
    example: 'holdout = fold(0)',
  },
} as const satisfies Readonly<Record<string, Form>>;

/** A fold with all its arguments. */
export type FoldSpec = Chosen<typeof holdouts>;
