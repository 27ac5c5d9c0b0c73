import type { LabelledSlice } from '../data/case.ts';
import { type ClassImage, readClassImage } from '../data/class-folders.ts';
import { centreCrop, crop } from '../data/crop.ts';
import { windowPlaces } from '../evaluation/windows.ts';
import { Random } from '../recipe/random.ts';

/** Held-back samples, the same in the same order each time. */
export interface ValidationData {
  readonly count: number;
  /** x [C, H, W] and class ids, [H, W] or [1] for a classifier. */
  sample(index: number): { readonly x: Float32Array; readonly target: Int32Array };
}

/** As many batches as nnU-Net validates on. */
const MOST_BATCHES = 50;

/**
 * Windows that tile held-back slices: every pixel lies in one. Where they are more than fill 50 batches, a seeded choice
 * of them.
 */
export function windowsOf(
  slices: readonly LabelledSlice[],
  { height, width, batch, seed }: { height: number; width: number; batch: number; seed: number },
): ValidationData {
  const all = slices.flatMap((slice) =>
    windowPlaces([slice.height, slice.width], [height, width], 1).map(([top, left]) => ({
      slice,
      top,
      left,
    })),
  );
  const most = MOST_BATCHES * batch;
  const windows = all.length <= most ? all : Random.stream(seed, 'validation').shuffle(all).slice(0, most);
  return {
    count: windows.length,
    sample: (index) => {
      const { slice, top, left } = windows[index];
      const { image, label } = crop(slice, top, left, height, width);
      return { x: image, target: label };
    },
  };
}

/** The middle of each held-back image, as tests take it. Images are read each time: they may be many. */
export function middlesOf(
  images: readonly ClassImage[],
  size: { channels: number; height: number; width: number },
): ValidationData {
  return {
    count: images.length,
    sample: (index) => {
      const { path, label } = images[index];
      const { image } = centreCrop(readClassImage(path, size), size.height, size.width);
      return { x: image, target: Int32Array.of(label) };
    },
  };
}
