import type { AugmentSpec } from '../recipe/augmentations.ts';

/** For tests: all that can be done to a window, with the factors and probabilities of nnU-Net. */
export const everyAugmentation: readonly AugmentSpec[] = [
  { kind: 'flips' },
  { kind: 'rotations90' },
  { kind: 'brightness', range: 0.25, probability: 0.15 },
  { kind: 'contrast', range: 0.25, probability: 0.15 },
];
