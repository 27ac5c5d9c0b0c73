import { increment } from './arithmetic/increment.ts';
import { relativePositionBias, relativePositionBiasBackward } from './attention/relative-position-bias.ts';
import { softmax, softmaxBackward } from './attention/softmax.ts';
import { windowMask } from './attention/window-mask.ts';
import { einsum } from './contraction/einsum.ts';
import { convolution, convolutionInputGradient, convolutionWeightGradient } from './convolution/index.ts';
import { concat, place } from './layout/concat.ts';
import { flip, pad, permute, roll, slice } from './layout/copies.ts';
import { split } from './layout/split.ts';
import { crossEntropy, crossEntropyBackward } from './loss/cross-entropy.ts';
import { diceFromSums, diceLoss, diceLossBackward, diceSums } from './loss/dice-loss.ts';
import { labelPlanes } from './loss/label-planes.ts';
import { logSumExp } from './loss/log-sum-exp.ts';
import { nearestLabels } from './loss/nearest-labels.ts';
import { batchStatistics } from './normalisation/batch-statistics.ts';
import { channelNorm, channelNormBackward } from './normalisation/channel-norm.ts';
import { layerNorm, layerNormBackward } from './normalisation/layer-norm.ts';
import { adamwStep, bufferStep, sgdStep } from './optimizer/steps.ts';
import { sumSquares } from './optimizer/sum-squares.ts';
import { interpolate, interpolateBackward } from './pooling/interpolate.ts';
import { avgPool2d, avgPool2dBackward, maxPool2d, maxPool2dBackward } from './pooling/pool2d.ts';
import { sum } from './reduction/lower.ts';
import { dropPathMask } from './regularisation/drop-path-mask.ts';
import { crossMerge, crossScan } from './scan/cross-scan.ts';
import { selectiveScan, selectiveScanBackward } from './scan/index.ts';
import type { KernelFamily } from './variant.ts';

/** The kernels of every op whose lowering is `kernels`, by the op's name. */
export const kernels: ReadonlyMap<string, KernelFamily> = new Map([
  ['increment', increment],
  ['relative_position_bias', relativePositionBias],
  ['relative_position_bias_backward', relativePositionBiasBackward],
  ['softmax', softmax],
  ['softmax_backward', softmaxBackward],
  ['window_mask', windowMask],
  ['einsum', einsum],
  ['convolution', convolution],
  ['convolution_grad_input', convolutionInputGradient],
  ['convolution_grad_weight', convolutionWeightGradient],
  ['concat', concat],
  ['place', place],
  ['flip', flip],
  ['pad', pad],
  ['permute', permute],
  ['roll', roll],
  ['slice', slice],
  ['split', split],
  ['cross_entropy_from', crossEntropy],
  ['cross_entropy_backward', crossEntropyBackward],
  ['dice_loss_from', diceLoss],
  ['dice_sums', diceSums],
  ['dice_from_sums', diceFromSums],
  ['dice_loss_backward', diceLossBackward],
  ['label_planes', labelPlanes],
  ['log_sum_exp', logSumExp],
  ['nearest_labels', nearestLabels],
  ['batch_statistics', batchStatistics],
  ['channel_norm', channelNorm],
  ['channel_norm_backward', channelNormBackward],
  ['layer_norm_with_stats', layerNorm],
  ['layer_norm_backward', layerNormBackward],
  ['adamw_step', adamwStep],
  ['sgd_step', sgdStep],
  ['buffer_step', bufferStep],
  ['sum_squares', sumSquares],
  ['interpolate', interpolate],
  ['interpolate_backward', interpolateBackward],
  ['avg_pool2d', avgPool2d],
  ['avg_pool2d_backward', avgPool2dBackward],
  ['max_pool2d', maxPool2d],
  ['max_pool2d_backward', maxPool2dBackward],
  ['sum', sum],
  ['drop_path_mask', dropPathMask],
  ['cross_scan', crossScan],
  ['cross_merge', crossMerge],
  ['selective_scan', selectiveScan],
  ['selective_scan_backward', selectiveScanBackward],
]);
