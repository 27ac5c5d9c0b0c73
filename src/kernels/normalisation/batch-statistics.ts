import { correction } from '../../ops/normalisation/batch_norm.ts';
import { type KernelFamily, onlyVariant } from '../variant.ts';

export const batchStatistics: KernelFamily = onlyVariant(
  'A thread a channel.',
  ({
    inputs: [stats],
    outputs: [mean, variance],
    attrs: a,
    target: {
      measured: { workgroup },
    },
  }) => [
    {
      template: 'batch_statistics',
      options: { workgroup },
      uniforms: [
        ['channels', 'u32', mean.shape[0]],
        ['eps', 'f32', a['eps'] as number],
        ['correction', 'f32', correction(a['count'] as number)],
      ],
      reads: [{ name: 'stats', value: stats }],
      writes: [
        { name: 'mean', value: mean },
        { name: 'variance', value: variance },
      ],
      workgroups: Math.ceil(mean.shape[0] / workgroup),
      fusable: 'variance',
    },
  ],
);
