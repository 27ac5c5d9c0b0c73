import type { Op } from '../../ir/op.ts';

export const normalisation: readonly Op[] = [];
