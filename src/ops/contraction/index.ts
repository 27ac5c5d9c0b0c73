import type { Op } from '../../ir/op.ts';

export const contraction: readonly Op[] = [];
