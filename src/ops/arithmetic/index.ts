import type { Op } from '../../ir/op.ts';
import { add, affine, div, mul, sub } from './arithmetic.ts';

export const arithmetic: readonly Op[] = [add, sub, mul, div, affine];
