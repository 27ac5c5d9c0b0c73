import type { Op } from '../../ir/op.ts';
import { silu } from './silu.ts';

export const activations: readonly Op[] = [...silu];
