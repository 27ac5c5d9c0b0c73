/** A map of this size is not halved below half of it. */
const MIN_EDGE = 4;
const FIRST_FEATURES = 32;
const MOST_FEATURES = 512;
/** nnU-Net has so many convolutions in each stage. */
export const CONVOLUTIONS = 2;

/** Two numbers, along H and W. */
export type Pair = readonly [number, number];

/** The stages of a plain U-Net, the finest first. */
export interface Topology {
  /** By which each stage divides the map of the one before it; the first by 1. */
  readonly strides: readonly Pair[];
  readonly kernels: readonly Pair[];
  readonly features: readonly number[];
  /** By what a patch must be divisible. */
  readonly divisor: Pair;
  /** The size asked for, rounded up to multiples of `divisor`. */
  readonly patch: Pair;
}

/**
 * How often a U-Net pools a patch along each axis, as nnU-Net's `get_pool_and_conv_props`: while the map has 8 pixels or
 * more, and only those axes whose pixels are less than twice the smallest of them.
 *
 * @param spacing pixel sizes
 * @param size of the patch; a median, so it may be a fraction
 */
export function topologyOf(spacing: Pair, size: Pair): Topology {
  const pixel = [...spacing];
  const map = [...size];
  const kernel: [number, number] = [1, 1];
  const strides: Pair[] = [[1, 1]];
  const kernels: Pair[] = [];
  for (;;) {
    const large = [0, 1].filter((a) => map[a] >= 2 * MIN_EDGE);
    const finest = Math.min(...large.map((a) => pixel[a]));
    const pooled = large.filter((a) => pixel[a] / finest < 2);
    if (pooled.length === 0 || (pooled.length === 1 && map[pooled[0]] < 3 * MIN_EDGE)) break;
    const smallest = Math.min(...pixel);
    for (const a of [0, 1]) if (pixel[a] / smallest < 2) kernel[a] = 3;
    kernels.push([...kernel]);
    for (const a of pooled) {
      pixel[a] *= 2;
      map[a] = Math.ceil(map[a] / 2);
    }
    strides.push([pooled.includes(0) ? 2 : 1, pooled.includes(1) ? 2 : 1]);
  }
  // The deepest stage sees all axes.
  kernels.push([3, 3]);
  const divisor: Pair = [product(strides, 0), product(strides, 1)];
  const features = [FIRST_FEATURES];
  for (let s = 1; s < strides.length; s++) features.push(Math.min(MOST_FEATURES, 2 * features[s - 1]));
  return { strides, kernels, features, divisor, patch: [up(size[0], divisor[0]), up(size[1], divisor[1])] };
}

const product = (strides: readonly Pair[], axis: 0 | 1) => strides.reduce((n, stride) => n * stride[axis], 1);

const up = (size: number, divisor: number) => Math.ceil(size / divisor) * divisor;

/**
 * Elements of all maps that the plain U-Net computes of one patch: nnU-Net's measure of the memory that training takes.
 *
 * @param outputs classes
 */
export function mapElements({ strides, features, patch }: Topology, outputs: number): number {
  const sizes: number[] = [];
  let [height, width] = patch;
  for (const [y, x] of strides) {
    [height, width] = [Math.floor(height / y), Math.floor(width / x)];
    sizes.push(height * width);
  }
  const maps = features.map((width, s) => width * sizes[s]);
  const encoder = maps.reduce((sum, n) => sum + CONVOLUTIONS * n, 0);
  // A transposed convolution and the convolutions of each stage but the deepest; the output.
  const decoder = maps.slice(0, -1).reduce((sum, n) => sum + (CONVOLUTIONS + 1) * n, 0);
  return encoder + decoder + (maps.length > 1 ? outputs * sizes[0] : 0);
}
