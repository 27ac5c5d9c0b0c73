import type { Op } from '../../ir/op.ts';
import { channelNorm, channelNormBackward } from './channel_norm.ts';
import { layerNorm, layerNormBackward, layerNormWithStats } from './layer_norm.ts';
import { batchNorm, groupNorm, instanceNorm, inverseStd } from './norms.ts';

export const normalisation: readonly Op[] = [
  layerNorm,
  layerNormWithStats,
  layerNormBackward,
  instanceNorm,
  groupNorm,
  batchNorm,
  channelNorm,
  channelNormBackward,
  inverseStd,
];
