import { elementCount, type Shape } from '../../ir/graph.ts';
import { tapRows } from '../geometry.ts';
import { axesOf, type Window } from './geometry.ts';

/** Products along the last axis of the kernel: `count` of them, from these flat indices on. */
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
 * Calls `f` for every row of taps that lies inside the map, for x [B, C, ...], weight [C2, C/groups, ...] and
 * y [B, C2, ...] with any number of axes behind. The object that `f` gets is the same each time.
 */
export function eachKernelRow(
  w: Window,
  x: Shape,
  weight: Shape,
  y: Shape,
  f: (row: KernelRow) => void,
): void {
  const [batch, channels, ...map] = x;
  const [outChannels, groupChannels, ...kernel] = weight;
  const places = y.slice(2);
  const { rows, step } = tapRows(axesOf(w, kernel), map, places);
  const [mapSize, kernelSize, placesSize] = [map, kernel, places].map(elementCount);
  const outGroup = outChannels / w.groups;
  const row: KernelRow = { x: 0, step, weight: 0, y: 0, count: 0 };
  for (let b = 0; b < batch; b++) {
    for (let co = 0; co < outChannels; co++) {
      const firstChannel = Math.floor(co / outGroup) * groupChannels;
      const out = (b * outChannels + co) * placesSize;
      for (let ci = 0; ci < groupChannels; ci++) {
        const plane = (b * channels + firstChannel + ci) * mapSize;
        const taps = (co * groupChannels + ci) * kernelSize;
        for (let r = 0; r < rows.length; r += 4) {
          row.y = out + rows[r];
          row.x = plane + rows[r + 1];
          row.weight = taps + rows[r + 2];
          row.count = rows[r + 3];
          f(row);
        }
      }
    }
  }
}
