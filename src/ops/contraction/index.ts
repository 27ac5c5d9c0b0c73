import type { Op } from '../../ir/op.ts';
import { einsum } from './einsum.ts';
import { linear } from './linear.ts';
import { matmul } from './matmul.ts';

export const contraction: readonly Op[] = [einsum, matmul, linear];
