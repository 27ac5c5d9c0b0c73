import type { Op } from '../../ir/op.ts';
import { sum } from './sum.ts';

export const reduction: readonly Op[] = [sum];
