import type { Op } from '../../ir/op.ts';
import { convTranspose2d } from './conv_transpose2d.ts';
import { conv1d } from './conv1d.ts';
import { conv2d } from './conv2d.ts';
import { convolution as bare, convolutionGradInput, convolutionGradWeight } from './convolution.ts';

export const convolution: readonly Op[] = [
  conv2d,
  convTranspose2d,
  conv1d,
  bare,
  convolutionGradInput,
  convolutionGradWeight,
];
