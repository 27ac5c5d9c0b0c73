import { type Chosen, type Form, number, numberOrNone } from './setting.ts';

const share = { least: 0, most: 1 };

const factor = {
  range: number('the factor is uniform in 1 ± `range`', share),
  probability: number('share of the channels that are changed', share, 0.15),
  channels: numberOrNone(
    'share of its channels that are changed where a sample is, and `probability` is the share of samples; left out, each channel is drawn by itself',
    share,
  ),
};

const samples = (otherwise: number) => number('share of the samples that are changed', share, otherwise);
const channels = number('share of its channels that are changed where a sample is', share, 0.5);

const exponent = (probability: number) => ({
  low: number('least exponent', { above: 0, most: 1 }, 0.7),
  high: number('largest exponent', { least: 1 }, 1.5),
  probability: samples(probability),
});

/**
 * What is done to training images at random, in this order, nnU-Net's; `src/data/augment` does it. But mirroring stands
 * before what nnU-Net does before it: noise, blur and the like make no difference between sides, so that the order of the two makes
 * none in what comes out how often.
 */
export const augmentations = {
  rotation: {
    args: {
      degrees: numberOrNone(
        'the angle is uniform in ± `degrees`; left out, 180, or 15 where one side of the window is more than 1.5 times the other',
        { least: 0, most: 180 },
      ),
      probability: samples(0.2),
    },
    doc: 'Rotates the window about its middle by any angle, together with `scaling` in one interpolation: the image is bilinear and 0 outside of the slice; of the labels the one with the largest bilinear weight is taken, and outside there is none (−1), which losses leave out.',
    example: 'augment = rotation(degrees: 30)',
  },
  scaling: {
    args: {
      low: number('least factor', { above: 0, most: 1 }, 0.7),
      high: number('largest factor', { least: 1 }, 1.4),
      probability: samples(0.2),
    },
    doc: 'The window shows a part of the slice that is as many times as high and as wide as a random factor says, uniform from `low` to `high`: with more than 1 things appear smaller. Interpolated as for `rotation`.',
    example: 'augment = rotation + scaling(low: 0.8, high: 1.25)',
  },
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
  gaussian_noise: {
    args: {
      deviation: number('largest standard deviation, of which one is drawn from 0 on', { least: 0 }, 0.1),
      probability: samples(0.1),
    },
    doc: 'Adds normally distributed noise, the same to all channels.',
    example: 'augment = flips + gaussian_noise(deviation: 0.05)',
  },
  gaussian_blur: {
    args: {
      low: number('one end of the range of σ, in pixels', { least: 0, most: 100 }, 0.5),
      high: number('the other end', { least: 0, most: 100 }, 1),
      probability: samples(0.2),
      channels,
    },
    doc: 'Blurs with a Gaussian, whose σ is drawn for each channel and axis; it ends some 3 σ from its middle, and edges are mirrored.',
    example: 'augment = flips + gaussian_blur(high: 1.5)',
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
  low_resolution: {
    args: {
      zoom: number(
        'least zoom; it is uniform from here to 1, the same for both axes',
        { above: 0, most: 1 },
        0.5,
      ),
      probability: samples(0.25),
      channels,
    },
    doc: 'Shrinks a channel to the nearest pixels, and enlarges it again with bilinear interpolation.',
    example: 'augment = flips + low_resolution(zoom: 0.25)',
  },
  inverted_gamma: {
    args: exponent(0.1),
    doc: 'As `gamma`, of the inverted image: what that does to dark parts happens to bright ones.',
    example: 'augment = flips + inverted_gamma + gamma',
  },
  gamma: {
    args: exponent(0.3),
    doc: 'Raises each channel, between its least and its largest value, to a random power, which lies from `low` to 1 or from 1 to `high` with equal chance; then restores its mean and standard deviation.',
    example: 'augment = flips + gamma(low: 0.5, high: 2)',
  },
} as const satisfies Readonly<Record<string, Form>>;

/** An augmentation with all its arguments. */
export type AugmentSpec = Chosen<typeof augmentations>;
/** The augmentation of a name, with its arguments. */
export type AugmentOf<K extends AugmentSpec['kind']> = Extract<AugmentSpec, { readonly kind: K }>;
