import { roundHalfEven } from '../data/planning/numpy.ts';
import { exp, square } from '../math.ts';

/**
 * Where windows start along one axis, spread evenly so that the first begins and the last ends at the border
 * and neighbours lie at most `step` windows apart, as nnU-Net places them. Starts are rounded half to even.
 *
 * @param image size of the image; one smaller than the window must be padded first
 * @param step distance as a share of the window, in (0, 1]; 0.5 lets neighbours overlap by half
 */
export function windowStarts(image: number, window: number, step: number): number[] {
  if (!(image >= window && window >= 1)) throw new RangeError(`window of ${window} on an axis of ${image}`);
  if (!(step > 0 && step <= 1)) throw new RangeError(`step ${step} is not in (0, 1]`);
  const count = Math.ceil((image - window) / (window * step)) + 1;
  const distance = count > 1 ? (image - window) / (count - 1) : 0;
  return Array.from({ length: count }, (_, i) => roundHalfEven(distance * i));
}

/**
 * Where windows start in an image of any number of axes, see {@link windowStarts}; on an axis where it is smaller than
 * they are, half of what it lacks before it.
 */
export function windowPlaces(size: readonly number[], window: readonly number[], step: number): number[][] {
  return size.reduce<number[][]>(
    (places, n, a) => {
      const padded = Math.max(n, window[a]);
      const before = Math.floor((padded - n) / 2);
      const starts = windowStarts(padded, window[a], step);
      return places.flatMap((place) => starts.map((start) => [...place, start - before]));
    },
    [[]],
  );
}

/**
 * Weights that trust a window's centre more than its border: a Gaussian with its centre at element size / 2
 * (rounded down), standard deviation size / 8 on each axis and maximum 1, as nnU-Net's. (Its predictor scales
 * them to 10 for the sake of half precision; averages do not depend on it.) No weight is 0, so that every
 * pixel has a prediction.
 *
 * @param window its size, of any number of axes
 * @returns a weight for each of its elements, row-major
 */
export function gaussianImportance(window: readonly number[]): Float32Array {
  let map = [1];
  for (const size of window) {
    const axis = gaussian(size);
    map = map.flatMap((weight) => axis.map((w) => weight * w));
  }
  return Float32Array.from(map);
}

/** At the border, four standard deviations away, exp(−8): float32 holds the product of three without underflow. */
function gaussian(size: number): number[] {
  const centre = Math.floor(size / 2);
  return Array.from({ length: size }, (_, i) => exp(-0.5 * square((i - centre) / (size / 8))));
}
