import type { Op } from '../../ir/op.ts';
import { exp } from './exp.ts';
import { gelu, gelu_tanh } from './gelu.ts';
import { leaky_relu, relu } from './relu.ts';
import { sigmoid } from './sigmoid.ts';
import { silu } from './silu.ts';
import { softplus } from './softplus.ts';
import { tanh } from './tanh.ts';

export const activations: readonly Op[] = [
  ...relu,
  ...leaky_relu,
  ...gelu,
  ...gelu_tanh,
  ...silu,
  ...softplus,
  ...sigmoid,
  ...tanh,
  ...exp,
];
