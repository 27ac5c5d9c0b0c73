import type { Op } from '../../ir/op.ts';

export const regularisation: readonly Op[] = [];
