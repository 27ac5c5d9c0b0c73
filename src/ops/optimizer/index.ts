import type { Op } from '../../ir/op.ts';

export const optimizer: readonly Op[] = [];
