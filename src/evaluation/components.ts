import type { Triple } from './distance-transform.ts';

/** Connected parts of a mask, numbered from 1 in the order of their first voxels. */
export interface Components {
  readonly count: number;
  /** [D, H, W]; 0 outside the mask. */
  readonly ids: Int32Array;
}

/**
 * The connected parts of a mask, also across corners: 8 neighbours of a pixel, 26 of a voxel.
 *
 * @param mask [D, H, W], 0 outside
 */
export function connectedComponents(mask: ArrayLike<number>, shape: Triple): Components {
  const [depth, height, width] = shape;
  const ids = new Int32Array(depth * height * width);
  const stack: number[] = [];
  let count = 0;
  const visit = (at: number) => {
    const [z, y, x] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width];
    for (let d = Math.max(0, z - 1); d <= Math.min(depth - 1, z + 1); d++) {
      for (let h = Math.max(0, y - 1); h <= Math.min(height - 1, y + 1); h++) {
        for (let w = Math.max(0, x - 1); w <= Math.min(width - 1, x + 1); w++) {
          const next = (d * height + h) * width + w;
          if (mask[next] === 0 || ids[next] !== 0) continue;
          ids[next] = count;
          stack.push(next);
        }
      }
    }
  };
  for (let start = 0; start < ids.length; start++) {
    if (mask[start] === 0 || ids[start] !== 0) continue;
    ids[start] = ++count;
    stack.push(start);
    while (stack.length > 0) visit(stack.pop()!);
  }
  return { count, ids };
}

/**
 * Lets components grow into a mask beside them, by one pixel after the other: each of its pixels that can be reached
 * across edges within it (4 neighbours; 6 of a voxel) joins the nearest component; of equally near ones that whose pixel
 * comes first. So a nucleus gets back the boundary that separates it from others.
 *
 * @param ids [D, H, W], as connectedComponents gives them; changed in place
 * @param mask [D, H, W], 0 where nothing grows
 */
export function growInto(ids: Int32Array, mask: ArrayLike<number>, [depth, height, width]: Triple): void {
  let front: number[] = [];
  for (let at = 0; at < ids.length; at++) if (ids[at] !== 0) front.push(at);
  while (front.length > 0) {
    const reached: number[] = [];
    const take = (from: number, next: number) => {
      if (ids[next] !== 0 || mask[next] === 0) return;
      ids[next] = ids[from];
      reached.push(next);
    };
    for (const at of front) {
      const [z, y, x] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width];
      if (z > 0) take(at, at - height * width);
      if (y > 0) take(at, at - width);
      if (x > 0) take(at, at - 1);
      if (x < width - 1) take(at, at + 1);
      if (y < height - 1) take(at, at + width);
      if (z < depth - 1) take(at, at + height * width);
    }
    front = reached.sort((a, b) => a - b);
  }
}
