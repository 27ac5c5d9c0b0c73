import type { Op } from '../../ir/op.ts';
import { leaky_relu, relu } from './relu.ts';
import { silu } from './silu.ts';

export const activations: readonly Op[] = [...relu, ...leaky_relu, ...silu];
