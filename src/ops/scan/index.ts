import type { Op } from '../../ir/op.ts';

export const scan: readonly Op[] = [];
