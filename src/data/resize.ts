import type { Slice } from './case.ts';
import { channelOf } from './normalise.ts';

/** Which pixels of a line make up one of the new line, and with what weights. */
interface Taps {
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * Copy of a slice's image at another size, by linear interpolation between pixel centres. Where an axis shrinks,
 * the triangle is as much wider, so that every pixel counts (as PIL's BILINEAR and torch's `antialias=True`).
 */
export function resizeBilinear(slice: Slice, height: number, width: number): Slice {
  if (slice.height === height && slice.width === width) return slice;
  const { channels } = slice;
  const rows = tapsOf(slice.height, height);
  const columns = tapsOf(slice.width, width);
  const image = new Float32Array(channels * height * width);
  const lines = new Float64Array(slice.height * width);
  for (let c = 0; c < channels; c++) {
    const source = channelOf(slice, c);
    for (let y = 0; y < slice.height; y++) {
      columns.forEach(({ first, weights }, x) => {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k] * source[y * slice.width + first + k];
        lines[y * width + x] = sum;
      });
    }
    const offset = c * height * width;
    rows.forEach(({ first, weights }, y) => {
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k] * lines[(first + k) * width + x];
        image[offset + y * width + x] = sum;
      }
    });
  }
  return { channels, height, width, image };
}

/** The image scaled, with its proportions kept, to the smallest size that covers height × width. */
export function resizeToCover(slice: Slice, height: number, width: number): Slice {
  const scale = Math.max(height / slice.height, width / slice.width);
  const [h, w] = [Math.round(slice.height * scale), Math.round(slice.width * scale)];
  return resizeBilinear(slice, Math.max(h, height), Math.max(w, width));
}

function tapsOf(size: number, target: number): Taps[] {
  const scale = size / target;
  const radius = Math.max(scale, 1);
  return Array.from({ length: target }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - radius));
    const last = Math.min(size - 1, Math.ceil(centre + radius) - 1);
    const weights = Float64Array.from({ length: last - first + 1 }, (_w, k) =>
      Math.max(0, 1 - Math.abs(first + k + 0.5 - centre) / radius),
    );
    const total = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((w) => w / total) };
  });
}
