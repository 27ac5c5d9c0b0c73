import type { Op } from '../../ir/op.ts';
import { binaryCrossEntropy } from './binary_cross_entropy.ts';
import { crossEntropy, crossEntropyBackward, crossEntropyFrom } from './cross_entropy.ts';
import { diceFromSums, diceLoss, diceLossBackward, diceLossFrom, diceSums } from './dice_loss.ts';
import { focalLoss, focalTerm, focalTermBackward } from './focal_loss.ts';
import { labelPlanes } from './label_planes.ts';
import { logSumExp } from './log_sum_exp.ts';
import { nearestLabels } from './nearest_labels.ts';
import { tverskyLoss } from './tversky_loss.ts';

export const loss: readonly Op[] = [
  crossEntropy,
  crossEntropyFrom,
  crossEntropyBackward,
  diceLoss,
  diceLossFrom,
  diceSums,
  diceFromSums,
  diceLossBackward,
  focalLoss,
  focalTerm,
  focalTermBackward,
  tverskyLoss,
  binaryCrossEntropy,
  labelPlanes,
  logSumExp,
  nearestLabels,
];
