import { type AugmentOf, type AugmentSpec, augmentations } from '../../recipe/augmentations.ts';
import type { Random } from '../../recipe/random.ts';
import type { Slice } from '../case.ts';
import { crop, type Window } from '../crop.ts';
import { channelOf } from '../normalise.ts';
import { augmentBlur } from './blur.ts';
import { flip, rotate90 } from './geometry.ts';
import { adjustBrightness, adjustContrast, adjustGamma, drawExponents, drawFactors } from './intensity.ts';
import { augmentResolution } from './low-resolution.ts';
import { augmentNoise } from './noise.ts';
import { drawRotation, drawScaling, type Motion, movedWindow } from './spatial.ts';

/** What is interpolated while the window is cut out; several add up to one motion. */
const motions: {
  readonly [K in 'rotation' | 'scaling']: (
    motion: Motion,
    args: AugmentOf<K>,
    random: Random,
    window: Window,
  ) => Motion;
} = { rotation: drawRotation, scaling: drawScaling };

type Kind = Exclude<AugmentSpec['kind'], keyof typeof motions>;
type Augmentation<K extends Kind> = <S extends Slice>(slice: S, args: AugmentOf<K>, random: Random) => S;

/** What is done to the window. */
const changes: { readonly [K in Kind]: Augmentation<K> } = {
  flips: (slice, _, random) => {
    const mirrored = random.chance(0.5) ? flip(slice, 'vertical') : slice;
    return random.chance(0.5) ? flip(mirrored, 'horizontal') : mirrored;
  },
  rotations90: (slice, _, random) => {
    const square = slice.height === slice.width;
    return rotate90(slice, square ? random.integer(0, 4) : 2 * random.integer(0, 2));
  },
  gaussian_noise: augmentNoise,
  gaussian_blur: augmentBlur,
  brightness: (slice, args, random) => adjustBrightness(slice, drawFactors(slice.channels, args, random)),
  contrast: (slice, args, random) => adjustContrast(slice, drawFactors(slice.channels, args, random)),
  low_resolution: augmentResolution,
  inverted_gamma: (slice, args, random) =>
    adjustGamma(slice, drawExponents(slice.channels, args, random), true),
  gamma: (slice, args, random) => adjustGamma(slice, drawExponents(slice.channels, args, random), false),
};

/**
 * An augmented window of a slice, of the window's size; what is drawn depends on `random` alone. Rotation and scaling
 * take from the whole slice what they move into the window; without them it is that of `crop`. Augmentations are made
 * in the order of their table, so that the order in a spec says nothing.
 */
export function augmentedWindow<S extends Slice>(
  slice: S,
  window: Window,
  specs: readonly AugmentSpec[],
  random: Random,
): S {
  let motion: Motion = { turns: 0, factor: 1 };
  for (const kind of Object.keys(motions) as (keyof typeof motions)[]) {
    const draw = motions[kind] as (typeof motions)['rotation'];
    for (const spec of specs) {
      if (spec.kind === kind) motion = draw(motion, spec as AugmentOf<'rotation'>, random, window);
    }
  }
  const { top, left, height, width } = window;
  const still = motion.turns === 0 && motion.factor === 1;
  let result = still ? crop(slice, top, left, height, width) : movedWindow(slice, window, motion);
  for (const kind of Object.keys(augmentations)) {
    if (!isChange(kind)) continue;
    const change = changes[kind] as Augmentation<Kind>;
    for (const spec of specs) if (spec.kind === kind) result = change(result, spec, random);
  }
  return masked(result);
}

const isChange = (kind: string): kind is Kind => Object.hasOwn(changes, kind);

/** The slice with 0 wherever its mask, if it has one, is 0. */
function masked<S extends Slice>(slice: S): S {
  const { mask, channels } = slice;
  if (!mask) return slice;
  const image = Float32Array.from(slice.image);
  const result = { ...slice, image };
  for (let c = 0; c < channels; c++) {
    const plane = channelOf(result, c);
    for (let i = 0; i < mask.length; i++) if (mask[i] === 0) plane[i] = 0;
  }
  return result;
}
