import { elementCount } from '../../ir/graph.ts';
import { type KernelFamily, onlyVariant } from '../variant.ts';

export const increment: KernelFamily = onlyVariant(
  'A thread an element.',
  ({
    inputs: [x],
    outputs: [y],
    attrs,
    target: {
      measured: { workgroup },
    },
  }) => {
    const count = elementCount(x.shape);
    return [
      {
        template: 'increment',
        options: { workgroup },
        uniforms: [
          ['count', 'u32', count],
          ['by', 'i32', attrs['by'] as number],
        ],
        reads: [{ name: 'x', value: x }],
        writes: [{ name: 'y', value: y }],
        workgroups: Math.ceil(count / workgroup),
      },
    ];
  },
);
