import { square } from '../math.ts';

/** Rec. 601 luma of RGB pixels of 8 bits ([C, H, W], C = 3), rounded to whole numbers 0 to 255. */
export function luma601(image: ArrayLike<number>): Uint8Array {
  const plane = image.length / 3;
  return Uint8Array.from({ length: plane }, (_, i) =>
    Math.round(0.299 * image[i] + 0.587 * image[plane + i] + 0.114 * image[2 * plane + i]),
  );
}

/**
 * Otsu's threshold (N. Otsu, "A threshold selection method from gray-level histograms", IEEE Trans. SMC 1979):
 * the grey level t for which splitting into ≤ t and > t has the largest variance between the two classes
 * (eq. 18); the lowest such level where several tie.
 */
export function otsuThreshold(grey: Uint8Array): number {
  const histogram = new Float64Array(256);
  for (const value of grey) histogram[value]++;
  const total = histogram.reduce((sum, count, level) => sum + count * level, 0);
  let [best, bestVariance, count, sum] = [0, -1, 0, 0];
  for (let level = 0; level < 255; level++) {
    count += histogram[level];
    sum += histogram[level] * level;
    const rest = grey.length - count;
    if (count === 0 || rest === 0) continue;
    // Proportional to w0·w1·(μ1 − μ0)².
    const variance = count * rest * square((total - sum) / rest - sum / count);
    if (variance > bestVariance) [best, bestVariance] = [level, variance];
  }
  return best;
}

/**
 * Segmentation that a network must beat: Otsu's threshold, and of its two sides the one with fewer pixels is
 * taken as foreground, as objects are bright in fluorescence and dark in stained images.
 *
 * @returns 1 in the foreground, 0 elsewhere
 */
export function otsuForeground(grey: Uint8Array): Uint8Array {
  const threshold = otsuThreshold(grey);
  const bright = grey.reduce((count, value) => count + (value > threshold ? 1 : 0), 0);
  const brightIsForeground = bright * 2 <= grey.length;
  return grey.map((value) => (value > threshold === brightIsForeground ? 1 : 0));
}
