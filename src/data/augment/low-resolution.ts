import type { AugmentOf } from '../../recipe/augmentations.ts';
import type { Random } from '../../recipe/random.ts';
import type { Slice } from '../case.ts';
import { channelOf } from '../normalise.ts';
import { drawChannels } from './draws.ts';

/** Lower resolution of some channels, each with a zoom of its own. */
export function augmentResolution<S extends Slice>(
  slice: S,
  args: AugmentOf<'low_resolution'>,
  random: Random,
): S {
  const { height, width } = slice;
  const zooms = drawChannels(slice.channels, args, random, () => random.uniform(args.zoom, 1));
  const result = { ...slice, image: Float32Array.from(slice.image) };
  zooms.forEach((zoom, c) => {
    if (zoom !== undefined) lowerResolution(channelOf(result, c), height, width, zoom);
  });
  return result;
}

/**
 * Shrinks a plane [H, W] by `zoom` to the nearest pixels (`nearest-exact` of torch.nn.functional.interpolate) and
 * enlarges it again (`bilinear`), in place. An axis keeps at least one pixel.
 */
export function lowerResolution(plane: Float32Array, height: number, width: number, zoom: number): void {
  const rows = tapsOf(height, zoom);
  const columns = tapsOf(width, zoom);
  const source = Float32Array.from(plane);
  for (let y = 0; y < height; y++) {
    const [above, below, down] = [rows.first[y] * width, rows.second[y] * width, rows.weight[y]];
    for (let x = 0; x < width; x++) {
      const [left, right, across] = [columns.first[x], columns.second[x], columns.weight[x]];
      const upper = source[above + left] * (1 - across) + source[above + right] * across;
      const lower = source[below + left] * (1 - across) + source[below + right] * across;
      plane[y * width + x] = upper * (1 - down) + lower * down;
    }
  }
}

/** Which two pixels of a line each pixel is made of, and the weight of the second. */
function tapsOf(size: number, zoom: number) {
  const small = Math.max(1, Math.round(size * zoom));
  const kept = Int32Array.from({ length: small }, (_, i) => Math.floor(((2 * i + 1) * size) / (2 * small)));
  const at = Float64Array.from({ length: size }, (_, i) => Math.max(0, ((i + 0.5) * small) / size - 0.5));
  return {
    first: Int32Array.from(at, (position) => kept[Math.floor(position)]),
    second: Int32Array.from(at, (position) => kept[Math.min(Math.floor(position) + 1, small - 1)]),
    weight: at.map((position) => position - Math.floor(position)),
  };
}
