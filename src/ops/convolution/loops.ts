import type { Shape } from '../../ir/graph.ts';
import type { Window } from './geometry.ts';

/** Products along one row of the kernel: `count` of them, from these flat indices on. */
export interface KernelRow {
  /** Into x; each next tap is `step` further. */
  x: number;
  step: number;
  /** Into the weight; each next tap is the next element. */
  weight: number;
  /** Into y, the same for all. */
  y: number;
  count: number;
}

/**
 * Calls `f` for every row of taps that lies inside the map, for x [B, C, H, W], weight [C2, C/groups, kh, kw] and
 * y [B, C2, H', W']. The object that `f` gets is the same each time.
 */
export function eachKernelRow(
  w: Window,
  x: Shape,
  weight: Shape,
  y: Shape,
  f: (row: KernelRow) => void,
): void {
  const [batch, channels, height, width] = x;
  const [outChannels, groupChannels, kh, kw] = weight;
  const [, , outHeight, outWidth] = y;
  const outGroup = outChannels / w.groups;
  const step = w.dilation[1];
  const row: KernelRow = { x: 0, step, weight: 0, y: 0, count: 0 };
  for (let b = 0; b < batch; b++) {
    for (let co = 0; co < outChannels; co++) {
      const firstChannel = Math.floor(co / outGroup) * groupChannels;
      for (let oy = 0; oy < outHeight; oy++) {
        for (let ox = 0; ox < outWidth; ox++) {
          row.y = ((b * outChannels + co) * outHeight + oy) * outWidth + ox;
          const left = ox * w.stride[1] - w.before[1];
          const firstTap = left < 0 ? Math.ceil(-left / step) : 0;
          row.count = Math.min(kw, Math.ceil((width - left) / step)) - firstTap;
          if (row.count <= 0) continue;
          for (let ci = 0; ci < groupChannels; ci++) {
            const plane = (b * channels + firstChannel + ci) * height;
            for (let ky = 0; ky < kh; ky++) {
              const iy = oy * w.stride[0] - w.before[0] + ky * w.dilation[0];
              if (iy < 0 || iy >= height) continue;
              row.x = (plane + iy) * width + left + firstTap * step;
              row.weight = ((co * groupChannels + ci) * kh + ky) * kw + firstTap;
              f(row);
            }
          }
        }
      }
    }
  }
}
