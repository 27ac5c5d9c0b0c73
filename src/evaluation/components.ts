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
