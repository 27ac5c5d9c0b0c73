import { threshold } from '../../ops/regularisation/drop_path.ts';
import { type KernelFamily, onlyVariant } from '../variant.ts';

export const dropPathMask: KernelFamily = onlyVariant(
  'A thread a sample.',
  ({
    inputs: [rng],
    outputs: [y],
    attrs: a,
    target: {
      measured: { workgroup },
    },
  }) => [
    {
      template: 'drop_path_mask',
      options: { workgroup, functions: 'random_bits' },
      uniforms: [
        ['samples', 'u32', y.shape[0]],
        ['site', 'u32', a['index'] as number],
        ['threshold', 'u32', threshold(a['rate'] as number)],
        ['scale', 'f32', 1 / (1 - (a['rate'] as number))],
      ],
      reads: [{ name: 'rng', value: rng }],
      writes: [{ name: 'y', value: y }],
      workgroups: Math.ceil(y.shape[0] / workgroup),
    },
  ],
);
