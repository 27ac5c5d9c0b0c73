import type { Candidate, KernelFamily } from '../variant.ts';
import { chunked, chunkedCost } from './chunked.ts';
import { chunkedBackward, chunkedBackwardCost } from './chunked-backward.ts';
import { scanSizes } from './sizes.ts';
import { lanesFor, stateLanes, stateLanesCost, stateLanesNeeds } from './state-lanes.ts';
import { MOST_STATES, walk, walkCost, walkNeeds } from './walk.ts';
import {
  MOST_STATES as WALKED_BACKWARD,
  walkBackward,
  walkBackwardCost,
  walkBackwardNeeds,
} from './walk-backward.ts';

export const selectiveScan: KernelFamily = {
  variants: {
    chunks:
      'The sequence is cut into chunks: what each hands on, the hand-over, and the result of each; a thread takes four channels of a chunk.',
    'state-lanes': 'A lane keeps one state of a channel and walks along the sequence, in one dispatch.',
    walk: 'A thread walks along the whole sequence of a few channels, four states in a vector; B and C are laid out anew before.',
  },
  candidates: (node, target) => {
    const s = scanSizes(node);
    const lanes = lanesFor(s);
    const found: Candidate[] = [{ name: 'chunks', needs: {}, cost: chunkedCost(s, target), calls: chunked }];
    if (lanes !== undefined) {
      found.push({
        name: 'state-lanes',
        needs: stateLanesNeeds(lanes),
        cost: stateLanesCost(s, lanes, target),
        calls: (c) => stateLanes(c, lanes),
      });
    }
    if (s.states <= MOST_STATES)
      found.push({ name: 'walk', needs: walkNeeds, cost: walkCost(s, target), calls: walk });
    return found;
  },
};

/** Steps of a chunk; a thread holds them all in registers. */
const CHUNKS = [4, 8];

export const selectiveScanBackward: KernelFamily = {
  variants: {
    ...Object.fromEntries(
      CHUNKS.map((steps) => [
        `chunks-of-${steps}`,
        `Chunks of ${steps} steps, which a thread holds in registers: what each hands on in both directions, the hand-over, the gradients within each, and their sums.`,
      ]),
    ),
    walk: 'A thread walks along the whole sequence of some channels, forwards and, block by block, backwards; what it gives for B and C is summed over the threads of a group.',
  },
  candidates: (node, target) => {
    const s = scanSizes(node);
    const found: Candidate[] = CHUNKS.map((steps) => ({
      name: `chunks-of-${steps}`,
      needs: {},
      cost: chunkedBackwardCost(s, steps, target),
      calls: (c) => chunkedBackward(c, steps),
    }));
    if (s.states <= WALKED_BACKWARD) {
      found.push({
        name: 'walk',
        needs: walkBackwardNeeds(s),
        cost: walkBackwardCost(s, target),
        calls: walkBackward,
      });
    }
    return found;
  },
};
