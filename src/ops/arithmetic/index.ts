import type { Op } from '../../ir/op.ts';
import { add, affine, detach, div, mul, sub } from './arithmetic.ts';

import { increment, toFloat } from './whole.ts';

export const arithmetic: readonly Op[] = [add, sub, mul, div, affine, detach, increment, toFloat];
