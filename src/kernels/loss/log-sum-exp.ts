import { logitLayout } from '../../ops/loss/labels.ts';
import { type KernelFamily, onlyVariant } from '../variant.ts';

export const logSumExp: KernelFamily = onlyVariant(
  'A thread a position.',
  ({
    inputs: [x],
    outputs: [y],
    target: {
      measured: { workgroup },
    },
  }) => {
    const { classes, inner, positions } = logitLayout(x.shape);
    return [
      {
        template: 'log_sum_exp',
        options: { workgroup },
        uniforms: [
          ['positions', 'u32', positions],
          ['classes', 'u32', classes],
          ['inner', 'u32', inner],
        ],
        reads: [{ name: 'x', value: x, loads: 'once' }],
        writes: [{ name: 'y', value: y }],
        workgroups: Math.ceil(positions / workgroup),
      },
    ];
  },
);
