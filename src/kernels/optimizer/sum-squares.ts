import { elementCount } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import { type KernelFamily, onlyVariant } from '../variant.ts';

export const sumSquares: KernelFamily = onlyVariant(
  'Teams of threads sum chunks, in several passes until one thread adds up the rest.',
  (c) => {
    const { workgroup, team, reduction } = c.target.measured;
    const calls: KernelCall[] = [];
    let from = c.inputs[0];
    for (let last = false; !last; ) {
      const count = elementCount(from.shape);
      last = count <= reduction.lastPass;
      const chunks = last ? 1 : Math.ceil(count / (team * reduction.mostPerThread));
      const threads = last ? 1 : chunks * team;
      const y = last ? c.outputs[0] : c.scratch([threads]);
      calls.push({
        template: 'sum_squares',
        options: { workgroup, team: last ? 1 : team, square: calls.length === 0 },
        uniforms: [
          ['count', 'u32', count],
          ['threads', 'u32', threads],
          ['chunk', 'u32', Math.ceil(count / chunks)],
        ],
        reads: [{ name: 'x', value: from, loads: 'once' }],
        writes: [{ name: 'y', value: y }],
        workgroups: Math.ceil(threads / workgroup),
      });
      from = y;
    }
    return calls;
  },
);
