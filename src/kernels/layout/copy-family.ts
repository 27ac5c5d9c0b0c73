import type { KernelFamily, KernelNode } from '../variant.ts';
import { plainCall, rowsCall, transposedCall } from './copy-calls.ts';
import type { StridedCopy } from './strided-copy.ts';

/** An op that moves the elements of its operand. */
export function copyFamily(copyOf: (node: KernelNode) => StridedCopy): KernelFamily {
  return {
    variants: {
      plain: 'A thread copies some neighbours of the result.',
      rows: 'A thread copies whole rows of the result, by vectors where they are rows of the operand.',
      transposed: 'A thread turns over blocks of two axes, by 4×4 in registers.',
    },
    candidates: (node, target) => {
      const {
        inputs: [x],
        outputs: [y],
      } = node;
      const copy = copyOf(node);
      const transposed = transposedCall(target, x, y, copy);
      return [
        { name: 'plain', needs: {}, cost: 2, calls: (c) => [plainCall(c.target, x, y, copy)] },
        { name: 'rows', needs: { kind: 'cpu' }, cost: 1, calls: (c) => [rowsCall(c.target, x, y, copy)] },
        ...(transposed
          ? [{ name: 'transposed', needs: { kind: 'cpu' as const }, cost: 0, calls: () => [transposed] }]
          : []),
      ];
    },
  };
}
