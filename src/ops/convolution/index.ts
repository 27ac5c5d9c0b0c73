import type { Op } from '../../ir/op.ts';

export const convolution: readonly Op[] = [];
