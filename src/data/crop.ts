import type { Random } from '../recipe/random.ts';
import { cutBox } from './boxes.ts';
import type { LabelledSlice, Slice } from './case.ts';
import type { Target } from './target.ts';

/**
 * Cuts out a window, which may reach beyond the image. What lies outside is 0 in the image and background
 * (0) in the label, as in nnU-Net's loader: after normalisation 0 is the image's mean, and unlike reflection
 * it invents no objects.
 *
 * @param top row of the window's first row; may be negative
 * @param left column of the window's first column; may be negative
 */
export function crop<S extends Slice>(slice: S, top: number, left: number, height: number, width: number): S {
  const { channels, image, label, mask } = slice;
  const [map, window, start] = [
    [slice.height, slice.width],
    [height, width],
    [top, left],
  ];
  const planes = new Float32Array(channels * height * width);
  return {
    ...slice,
    ...{ height, width, image: cutBox(image, map, window, start, planes) },
    ...(label && { label: cutBox(label, map, window, start, new Int32Array(height * width)) }),
    ...(mask && { mask: cutBox(mask, map, window, start, new Uint8Array(height * width)) }),
  };
}

/** Where a window lies in a slice; see {@link crop} for one that reaches beyond. */
export interface Window {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * A window of the given size at a random place inside a slice; an axis on which the slice is smaller is
 * centred and padded (see {@link crop}).
 */
export function randomWindow(slice: Slice, height: number, width: number, random: Random): Window {
  return windowAround(slice, height, width, random, undefined);
}

/**
 * As {@link randomWindow}, around a random pixel of a random foreground class or region of this slice, as nnU-Net's
 * foreground oversampling does; any annotated window of a slice with background only.
 */
export function foregroundWindow(
  slice: LabelledSlice,
  height: number,
  width: number,
  random: Random,
  target: Target,
): Window {
  const pixel = foregroundPixel(slice, target, random);
  return pixel === undefined
    ? annotatedWindow(slice, height, width, random)
    : windowAround(slice, height, width, random, pixel);
}

/** As {@link randomWindow}, of a slice that is annotated in part around a random pixel that is, as nnU-Net does it. */
export function annotatedWindow(slice: LabelledSlice, height: number, width: number, random: Random): Window {
  const { label } = slice;
  const count = label.reduce((sum, id) => (id < 0 ? sum : sum + 1), 0);
  if (count === 0 || count === label.length) return randomWindow(slice, height, width, random);
  let left = random.integer(0, count);
  const pixel = label.findIndex((id) => id >= 0 && left-- === 0);
  return windowAround(slice, height, width, random, pixel);
}

/** As {@link randomWindow}, around a pixel where one is given, as far as the slice's borders allow. */
export function windowAround(
  slice: Slice,
  height: number,
  width: number,
  random: Random,
  pixel: number | undefined,
): Window {
  const y = pixel === undefined ? undefined : Math.floor(pixel / slice.width);
  const x = pixel === undefined ? undefined : pixel % slice.width;
  const top = windowStart(slice.height, height, random, y);
  return { top, left: windowStart(slice.width, width, random, x), height, width };
}

/** The window in the middle of an image; see {@link crop} for one that is smaller. */
export function centreCrop<S extends Slice>(slice: S, height: number, width: number): S {
  const top = Math.floor((slice.height - height) / 2);
  return crop(slice, top, Math.floor((slice.width - width) / 2), height, width);
}

function windowStart(size: number, window: number, random: Random, centre: number | undefined): number {
  if (size <= window) return -Math.floor((window - size) / 2);
  if (centre === undefined) return random.integer(0, size - window + 1);
  return Math.min(Math.max(centre - Math.floor(window / 2), 0), size - window);
}

/** A pixel of a class or region drawn uniformly among those of the foreground present, so that rare ones are seen too. */
function foregroundPixel(
  { label }: LabelledSlice,
  { names, regions, values }: Target,
  random: Random,
): number | undefined {
  const counts = new Int32Array(values.length);
  for (const id of label) if (id >= 0) counts[id]++;
  // Channel 0 of classes is the background.
  const channels = [...names.keys()].slice(regions ? 0 : 1);
  const inChannel = (id: number, channel: number) =>
    id >= 0 && (regions ? ((values[id] >> channel) & 1) === 1 : values[id] === channel);
  const sizeOf = (channel: number) => counts.reduce((n, k, id) => n + (inChannel(id, channel) ? k : 0), 0);
  const present = channels.filter((channel) => sizeOf(channel) > 0);
  if (present.length === 0) return undefined;
  const chosen = present[random.integer(0, present.length)];
  let left = random.integer(0, sizeOf(chosen));
  return label.findIndex((id) => inChannel(id, chosen) && left-- === 0);
}
