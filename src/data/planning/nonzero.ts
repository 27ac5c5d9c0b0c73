/** Sizes along three axes, slowest first. */
export type Shape = readonly [number, number, number];

/** A box of voxels: where it begins along each axis, and how large it is. */
export interface Box {
  readonly start: Shape;
  readonly shape: Shape;
}

/** Channels of a volume, all of the same size. */
export interface Channels {
  readonly shape: Shape;
  /** [D, H, W] each. */
  readonly data: readonly Float32Array[];
}

/** The smallest box that holds every voxel in which some channel is not 0; the whole volume where there is none. */
export function nonzeroBox({ shape, data }: Channels): Box {
  const [, height, width] = shape;
  const low = [...shape];
  const high = [-1, -1, -1];
  for (const channel of data) {
    for (let at = 0, i = 0; at < channel.length; at += width, i++) {
      let first = -1;
      let last = -1;
      for (let x = 0; x < width; x++) {
        if (channel[at + x] === 0) continue;
        if (first < 0) first = x;
        last = x;
      }
      if (first < 0) continue;
      const place = [Math.floor(i / height), i % height];
      for (const [axis, from, to] of [
        [0, place[0], place[0]],
        [1, place[1], place[1]],
        [2, first, last],
      ]) {
        low[axis] = Math.min(low[axis], from);
        high[axis] = Math.max(high[axis], to);
      }
    }
  }
  if (high[0] < 0) return { start: [0, 0, 0], shape };
  const size = (axis: number) => high[axis] - low[axis] + 1;
  return { start: [low[0], low[1], low[2]], shape: [size(0), size(1), size(2)] };
}

/**
 * Which voxels are part of the object: 1 where some channel is not 0, and in holes of that, 0 outside. A hole is what
 * cannot be reached from the volume's border through faces; so an image of one slice has none.
 */
export function objectMask({ shape, data }: Channels): Uint8Array {
  const [depth, height, width] = shape;
  const plane = height * width;
  // 1 where nothing is known of a zero voxel to lie outside.
  const mask = new Uint8Array(depth * plane).fill(1);
  const zero = new Uint8Array(mask.length).fill(1);
  for (const channel of data) for (let i = 0; i < zero.length; i++) if (channel[i] !== 0) zero[i] = 0;
  let open: number[] = [];
  const visit = (i: number) => {
    if (zero[i] === 0 || mask[i] === 0) return;
    mask[i] = 0;
    open.push(i);
  };
  const onBorder = (z: number, y: number, x: number) =>
    z === 0 || y === 0 || x === 0 || z === depth - 1 || y === height - 1 || x === width - 1;
  for (let z = 0, i = 0; z < depth; z++)
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++, i++) if (onBorder(z, y, x)) visit(i);
  while (open.length > 0) {
    const front = open;
    open = [];
    for (const i of front) {
      const [z, y, x] = [Math.floor(i / plane), Math.floor(i / width) % height, i % width];
      if (z > 0) visit(i - plane);
      if (z < depth - 1) visit(i + plane);
      if (y > 0) visit(i - width);
      if (y < height - 1) visit(i + width);
      if (x > 0) visit(i - 1);
      if (x < width - 1) visit(i + 1);
    }
  }
  return mask;
}
