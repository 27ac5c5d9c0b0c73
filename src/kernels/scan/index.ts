import type { Candidate, KernelFamily } from '../variant.ts';
import { chunked, chunkedCost } from './chunked.ts';
import { chunkedBackward, chunkedBackwardCost } from './chunked-backward.ts';
import { scanSizes } from './sizes.ts';
import { lanesFor, stateLanes, stateLanesCost, stateLanesNeeds } from './state-lanes.ts';

export const selectiveScan: KernelFamily = {
  variants: {
    chunks:
      'The sequence is cut into chunks: what each hands on, the hand-over, and the result of each; a thread takes four channels of a chunk.',
    'state-lanes': 'A lane keeps one state of a channel and walks along the sequence, in one dispatch.',
  },
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
  variants: Object.fromEntries(
    CHUNKS.map((steps) => [
      `chunks-of-${steps}`,
      `Chunks of ${steps} steps, which a thread holds in registers: what each hands on in both directions, the hand-over, the gradients within each, and their sums.`,
    ]),
  ),
  candidates: (node, target) =>
    CHUNKS.map((steps) => ({
      name: `chunks-of-${steps}`,
      needs: {},
      cost: chunkedBackwardCost(scanSizes(node), steps, target),
      calls: (c) => chunkedBackward(c, steps),
    })),
};
