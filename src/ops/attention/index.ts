import type { Op } from '../../ir/op.ts';
import { relative_position_bias, relative_position_bias_backward } from './relative-position-bias.ts';
import { softmax, softmaxBackward } from './softmax.ts';
import { window_attention } from './window-attention.ts';
import { window_mask } from './window-mask.ts';
import { window_partition, window_reverse } from './window-partition.ts';

export const attention: readonly Op[] = [
  softmax,
  softmaxBackward,
  relative_position_bias,
  relative_position_bias_backward,
  window_mask,
  window_partition,
  window_reverse,
  window_attention,
];
