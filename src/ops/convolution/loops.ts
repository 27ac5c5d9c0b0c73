import type { Shape } from '../../ir/graph.ts';
import type { Window } from './geometry.ts';

/**
 * Calls `f` for every product of a convolution with flat indices into x [B, C, H, W], weight
 * [C2, C/groups, kh, kw] and y [B, C2, H', W'].
 */
export function eachProduct(
  w: Window,
  x: Shape,
  weight: Shape,
  y: Shape,
  f: (x: number, weight: number, y: number) => void,
): void {
  const [batch, channels, height, width] = x;
  const [outChannels, groupChannels, kh, kw] = weight;
  const [, , outHeight, outWidth] = y;
  const outGroup = outChannels / w.groups;
  for (let b = 0; b < batch; b++) {
    for (let co = 0; co < outChannels; co++) {
      const firstChannel = Math.floor(co / outGroup) * groupChannels;
      for (let oy = 0; oy < outHeight; oy++) {
        for (let ox = 0; ox < outWidth; ox++) {
          const to = ((b * outChannels + co) * outHeight + oy) * outWidth + ox;
          for (let ci = 0; ci < groupChannels; ci++) {
            for (let ky = 0; ky < kh; ky++) {
              const iy = oy * w.stride[0] - w.before[0] + ky * w.dilation[0];
              if (iy < 0 || iy >= height) continue;
              for (let kx = 0; kx < kw; kx++) {
                const ix = ox * w.stride[1] - w.before[1] + kx * w.dilation[1];
                if (ix < 0 || ix >= width) continue;
                f(
                  ((b * channels + firstChannel + ci) * height + iy) * width + ix,
                  ((co * groupChannels + ci) * kh + ky) * kw + kx,
                  to,
                );
              }
            }
          }
        }
      }
    }
  }
}
