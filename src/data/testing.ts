import type { AugmentSpec } from '../recipe/augmentations.ts';
import { augmentations } from '../recipe/augmentations.ts';
import { withDefaults } from '../recipe/setting.ts';

/** For tests: all that can be done to a window, with the defaults, and where there is none nnU-Net's factor. */
export const everyAugmentation = Object.entries(augmentations).map(([kind, { args }]) => ({
  kind,
  ...withDefaults(args, 'range' in args ? { range: 0.25 } : {}),
})) as AugmentSpec[];
