import { type KernelFamily, onlyVariant } from '../variant.ts';
import { lowerForward, lowerInputGradient, lowerWeightGradient } from './lower.ts';
import { planar } from './planar.ts';

export const convolution: KernelFamily = planar(onlyVariant(lowerForward));
export const convolutionInputGradient: KernelFamily = planar(onlyVariant(lowerInputGradient));
export const convolutionWeightGradient: KernelFamily = planar(onlyVariant(lowerWeightGradient));
