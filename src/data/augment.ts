import { type AugmentSpec, augmentations } from '../recipe/augmentations.ts';
import type { Random } from '../recipe/random.ts';
import type { Slice } from './case.ts';
import { channelOf } from './normalise.ts';

type Kind = AugmentSpec['kind'];
type Augmentation<K extends Kind> = <S extends Slice>(
  slice: S,
  args: Extract<AugmentSpec, { kind: K }>,
  random: Random,
) => S;

const apply: { readonly [K in Kind]: Augmentation<K> } = {
  flips: (slice, _, random) => {
    const mirrored = random.chance(0.5) ? flip(slice, 'vertical') : slice;
    return random.chance(0.5) ? flip(mirrored, 'horizontal') : mirrored;
  },
  rotations90: (slice, _, random) => {
    const square = slice.height === slice.width;
    return rotate90(slice, square ? random.integer(0, 4) : 2 * random.integer(0, 2));
  },
  brightness: (slice, args, random) => adjustBrightness(slice, drawFactors(slice.channels, args, random)),
  contrast: (slice, args, random) => adjustContrast(slice, drawFactors(slice.channels, args, random)),
};

/**
 * An augmented copy of a slice; what is drawn depends on `random` alone. Size is kept. Augmentations are made in the
 * order of their table, so that the order in a spec says nothing.
 */
export function augment<S extends Slice>(slice: S, specs: readonly AugmentSpec[], random: Random): S {
  let result = slice;
  for (const kind of Object.keys(augmentations) as Kind[]) {
    const one = apply[kind] as Augmentation<Kind>;
    for (const spec of specs) if (spec.kind === kind) result = one(result, spec, random);
  }
  return result;
}

function drawFactors(
  channels: number,
  { range, probability }: { readonly range: number; readonly probability: number },
  random: Random,
): number[] {
  return Array.from({ length: channels }, () =>
    random.chance(probability) ? random.uniform(1 - range, 1 + range) : 1,
  );
}

/** Mirrored copy: `vertical` reverses the rows, `horizontal` the columns. */
export function flip<S extends Slice>(slice: S, axis: 'vertical' | 'horizontal'): S {
  const { height, width } = slice;
  return rearrange(slice, height, width, (y, x) =>
    axis === 'vertical' ? (height - 1 - y) * width + x : y * width + (width - 1 - x),
  );
}

/** Copy rotated by `quarters` × 90° counter-clockwise, exactly: pixels are moved, never interpolated. */
export function rotate90<S extends Slice>(slice: S, quarters: number): S {
  const { height, width } = slice;
  switch (((quarters % 4) + 4) % 4) {
    case 1:
      return rearrange(slice, width, height, (y, x) => x * width + (width - 1 - y));
    case 2:
      return rearrange(slice, height, width, (y, x) => (height - 1 - y) * width + (width - 1 - x));
    case 3:
      return rearrange(slice, width, height, (y, x) => (height - 1 - x) * width + y);
    default:
      return slice;
  }
}

/** Moves pixels alike in every channel and the label; `sourceOf` gives the old index of a new pixel. */
function rearrange<S extends Slice>(
  slice: S,
  height: number,
  width: number,
  sourceOf: (y: number, x: number) => number,
): S {
  const plane = height * width;
  const sources = new Int32Array(plane);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) sources[y * width + x] = sourceOf(y, x);
  const image = new Float32Array(slice.image.length);
  for (let c = 0; c < slice.channels; c++) {
    for (let i = 0; i < plane; i++) image[c * plane + i] = slice.image[c * plane + sources[i]];
  }
  const result = { ...slice, height, width, image };
  const { label } = slice;
  return label === undefined
    ? result
    : { ...result, label: Int32Array.from(sources, (source) => label[source]) };
}

/** Copy whose channel c is multiplied by `factors[c]`. */
export function adjustBrightness<S extends Slice>(slice: S, factors: readonly number[]): S {
  return mapChannels(slice, factors, (channel, factor) => channel.map((value) => value * factor));
}

/** Copy whose channel c is stretched about its mean by `factors[c]` and clipped to its former range. */
export function adjustContrast<S extends Slice>(slice: S, factors: readonly number[]): S {
  return mapChannels(slice, factors, (channel, factor) => {
    let [sum, low, high] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of channel) {
      sum += value;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    const mean = sum / channel.length;
    return channel.map((value) => Math.min(Math.max((value - mean) * factor + mean, low), high));
  });
}

function mapChannels<S extends Slice>(
  slice: S,
  factors: readonly number[],
  change: (channel: Float32Array, factor: number) => Float32Array,
): S {
  if (factors.length !== slice.channels) {
    throw new RangeError(`${factors.length} factors for ${slice.channels} channels`);
  }
  const image = Float32Array.from(slice.image);
  factors.forEach((factor, c) => {
    if (factor !== 1) image.set(change(channelOf(slice, c), factor), c * slice.height * slice.width);
  });
  return { ...slice, image };
}
