import type { Op } from '../../ir/op.ts';

export const pooling: readonly Op[] = [];
