import { elementCount } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import type { PrimitiveOp } from '../../ir/op.ts';

/** Threads of the passes after one another; the last one is a single thread's loop over the sums before it. */
const MOST_THREADS = 8192;
const LEAST_PER_THREAD = 64;

export const sumSquares: PrimitiveOp = {
  kind: 'primitive',
  name: 'sum_squares',
  doc: 'Sum of the squares of all elements → []; not finite if any element is NaN or infinite.',
  operands: [{ name: 'x' }],
  attrs: {},
  internal: true,
  shape: () => [{ dims: [], dtype: 'f32' }],
  reference: ([x]) => [{ shape: [], data: Float64Array.of(x.data.reduce((sum, v) => sum + v * v, 0)) }],
  lowering: {
    kind: 'kernels',
    lower: (c) => {
      const calls: KernelCall[] = [];
      let from = c.inputs[0];
      for (let last = false; !last; ) {
        const count = elementCount(from.shape);
        const threads = Math.max(1, Math.min(MOST_THREADS, Math.floor(count / LEAST_PER_THREAD)));
        last = threads === 1;
        const y = last ? c.outputs[0] : c.scratch([threads]);
        calls.push({
          template: 'sum_squares',
          options: { workgroup: 64, square: calls.length === 0 },
          uniforms: [
            ['count', 'u32', count],
            ['threads', 'u32', threads],
          ],
          reads: [{ name: 'x', value: from }],
          writes: [{ name: 'y', value: y }],
          workgroups: [Math.ceil(threads / 64), 1, 1],
        });
        from = y;
      }
      return calls;
    },
  },
};
