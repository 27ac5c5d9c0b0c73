import type { Op } from '../../ir/op.ts';
import { batchNorm, batchNormTrain, batchStatistics, inverseStd, scaleShift } from './batch_norm.ts';
import { channelNorm, channelNormBackward } from './channel_norm.ts';
import { layerNorm, layerNormBackward, layerNormWithStats } from './layer_norm.ts';
import { groupNorm, instanceNorm } from './norms.ts';

export const normalisation: readonly Op[] = [
  layerNorm,
  layerNormWithStats,
  layerNormBackward,
  instanceNorm,
  groupNorm,
  batchNorm,
  batchNormTrain,
  channelNorm,
  channelNormBackward,
  batchStatistics,
  inverseStd,
  scaleShift,
];
