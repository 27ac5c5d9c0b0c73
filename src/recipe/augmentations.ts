import { type Chosen, type Form, number } from './setting.ts';

const factor = {
  range: number('the factor is uniform in 1 ± `range`', { least: 0, most: 1 }),
  probability: number('share of the channels that are changed', { least: 0, most: 1 }, 0.15),
};

/** What is done to training images at random, in this order; `src/data/augment.ts` does it. */
export const augmentations = {
  flips: {
    args: {},
    doc: 'Mirrors each axis, image and labels alike, in half of the cases.',
    example: 'augment = flips',
  },
  rotations90: {
    args: {},
    doc: 'Rotates by a random multiple of 90°, or of 180° where the window is not square.',
    example: 'augment = flips + rotations90',
  },
  brightness: {
    args: factor,
    doc: 'Multiplies a channel by a random factor.',
    example: 'augment = brightness(0.25)',
  },
  contrast: {
    args: factor,
    doc: 'Stretches a channel about its mean by a random factor, within the range that it had.',
    example: 'augment = flips + contrast(0.25, probability: 0.5)',
  },
} as const satisfies Readonly<Record<string, Form>>;

/** An augmentation with all its arguments. */
export type AugmentSpec = Chosen<typeof augmentations>;
