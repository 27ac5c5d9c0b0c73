import type { Op } from '../../ir/op.ts';
import { crossEntropy, crossEntropyBackward, crossEntropyFrom } from './cross_entropy.ts';
import { diceFromSums, diceLoss, diceLossBackward, diceLossFrom, diceSums } from './dice_loss.ts';
import { logSumExp } from './log_sum_exp.ts';
import { nearestLabels } from './nearest_labels.ts';

export const loss: readonly Op[] = [
  crossEntropy,
  crossEntropyFrom,
  crossEntropyBackward,
  diceLoss,
  diceLossFrom,
  diceSums,
  diceFromSums,
  diceLossBackward,
  logSumExp,
  nearestLabels,
];
