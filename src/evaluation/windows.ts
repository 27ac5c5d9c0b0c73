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
  return Array.from({ length: count }, (_, i) => roundHalfToEven(distance * i));
}

function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/**
 * Weights that trust a window's centre more than its border: a Gaussian with its centre at pixel size / 2
 * (rounded down), standard deviation size / 8 on each axis and maximum 1, as nnU-Net's. (Its predictor scales
 * them to 10 for the sake of half precision; averages do not depend on it.) No weight is 0, so that every
 * pixel has a prediction.
 *
 * @returns [height, width]
 */
export function gaussianImportance(height: number, width: number): Float32Array {
  const rows = gaussian(height);
  const columns = gaussian(width);
  const map = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) map[y * width + x] = rows[y] * columns[x];
  }
  return map;
}

/** At the border, four standard deviations away, exp(−8): float32 holds the product of two without underflow. */
function gaussian(size: number): number[] {
  const centre = Math.floor(size / 2);
  return Array.from({ length: size }, (_, i) => Math.exp(-0.5 * ((i - centre) / (size / 8)) ** 2));
}
