import type { Op } from '../../ir/op.ts';

export const loss: readonly Op[] = [];
