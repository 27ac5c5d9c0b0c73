import { elementCount } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import type { PrimitiveOp } from '../../ir/op.ts';
import { cutAxes } from '../../ir/split-rule.ts';
import { TEAM } from '../reduction/chunks.ts';

const WORKGROUP = 64;
/** Elements a thread sums: a team's chunk (16 KiB) then stays in the cache while its lanes take turns. */
const PER_THREAD = 256;
/** The last pass is one thread's loop over so many sums at most. */
const LAST = 256;

export const sumSquares: PrimitiveOp = {
  kind: 'primitive',
  name: 'sum_squares',
  doc: 'Sum of the squares of all elements → []; not finite if any element is NaN or infinite.',
  operands: [{ name: 'x' }],
  attrs: {},
  internal: true,
  splits: ([x]) => cutAxes(x).map((axis) => ({ operands: [axis], outputs: ['sum'] })),
  shape: () => [{ dims: [], dtype: 'f32' }],
  reference: ([x]) => [{ shape: [], data: Float64Array.of(x.data.reduce((sum, v) => sum + v * v, 0)) }],
  lowering: {
    kind: 'kernels',
    lower: (c) => {
      const calls: KernelCall[] = [];
      let from = c.inputs[0];
      for (let last = false; !last; ) {
        const count = elementCount(from.shape);
        last = count <= LAST;
        const chunks = last ? 1 : Math.ceil(count / (TEAM * PER_THREAD));
        const threads = last ? 1 : chunks * TEAM;
        const y = last ? c.outputs[0] : c.scratch([threads]);
        calls.push({
          template: 'sum_squares',
          options: { workgroup: WORKGROUP, team: last ? 1 : TEAM, square: calls.length === 0 },
          uniforms: [
            ['count', 'u32', count],
            ['threads', 'u32', threads],
            ['chunk', 'u32', Math.ceil(count / chunks)],
          ],
          reads: [{ name: 'x', value: from }],
          writes: [{ name: 'y', value: y }],
          workgroups: [Math.ceil(threads / WORKGROUP), 1, 1],
        });
        from = y;
      }
      return calls;
    },
  },
};
