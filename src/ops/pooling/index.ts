import type { Op } from '../../ir/op.ts';
import { avg_pool2d, avg_pool2d_backward } from './avg-pool2d.ts';
import { interpolate, interpolate_backward, upsample } from './interpolate.ts';
import { max_pool2d, max_pool2d_backward } from './max-pool2d.ts';

export const pooling: readonly Op[] = [
  max_pool2d,
  max_pool2d_backward,
  avg_pool2d,
  avg_pool2d_backward,
  interpolate,
  interpolate_backward,
  upsample,
];
