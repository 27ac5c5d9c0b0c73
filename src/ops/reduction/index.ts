import type { Op } from '../../ir/op.ts';
import { mean } from './mean.ts';
import { sum } from './sum.ts';

export const reduction: readonly Op[] = [sum, mean];
