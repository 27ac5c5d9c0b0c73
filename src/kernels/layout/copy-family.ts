import type { KernelFamily, KernelNode } from '../variant.ts';
import { copyCandidates } from './copy-calls.ts';
import type { StridedCopy } from './strided-copy.ts';

/** An op that moves the elements of its operand. */
export function copyFamily(copyOf: (node: KernelNode) => StridedCopy): KernelFamily {
  return {
    variants: {
      plain: 'A thread copies some neighbours of the result.',
      rows: 'A thread copies whole rows of the result, by vectors where they are rows of the operand.',
      transposed: 'A thread turns over blocks of two axes, by 4×4 in registers.',
    },
    candidates: (node, target) => copyCandidates(target, node.inputs[0], node.outputs[0], copyOf(node)),
  };
}
