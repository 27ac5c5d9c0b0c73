import { type KernelFamily, onlyVariant } from '../variant.ts';
import { lowerForward, lowerInputGradient, lowerWeightGradient } from './lower.ts';

export const convolution: KernelFamily = onlyVariant(lowerForward);
export const convolutionInputGradient: KernelFamily = onlyVariant(lowerInputGradient);
export const convolutionWeightGradient: KernelFamily = onlyVariant(lowerWeightGradient);
