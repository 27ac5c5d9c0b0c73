import type { Op } from '../../ir/op.ts';

export const attention: readonly Op[] = [];
