import type { Candidate, KernelFamily } from '../variant.ts';
import { chunked, chunkedCost } from './chunked.ts';
import { chunkedBackward, chunkedBackwardCost } from './chunked-backward.ts';
import { scanSizes } from './sizes.ts';
import { lanesFor, stateLanes, stateLanesCost, stateLanesNeeds } from './state-lanes.ts';

export const selectiveScan: KernelFamily = {
  variants: ['chunks', 'state-lanes'],
  candidates: (node, target) => {
    const s = scanSizes(node);
    const lanes = lanesFor(s);
    const chunks: Candidate = { name: 'chunks', needs: {}, cost: chunkedCost(s, target), calls: chunked };
    if (lanes === undefined) return [chunks];
    return [
      chunks,
      {
        name: 'state-lanes',
        needs: stateLanesNeeds(lanes),
        cost: stateLanesCost(s, lanes, target),
        calls: (c) => stateLanes(c, lanes),
      },
    ];
  },
};

/** Steps of a chunk; a thread holds them all in registers. */
const CHUNKS = [4, 8];

export const selectiveScanBackward: KernelFamily = {
  variants: CHUNKS.map((steps) => `chunks-of-${steps}`),
  candidates: (node, target) =>
    CHUNKS.map((steps) => ({
      name: `chunks-of-${steps}`,
      needs: {},
      cost: chunkedBackwardCost(scanSizes(node), steps, target),
      calls: (c) => chunkedBackward(c, steps),
    })),
};
