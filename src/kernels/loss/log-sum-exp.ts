import { logitLayout } from '../../ops/loss/labels.ts';
import { type KernelFamily, withCpuVariant } from '../variant.ts';
import { lanesSuit, positionTiles } from './labelled.ts';

export const logSumExp: KernelFamily = withCpuVariant(
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
  {
    name: 'lanes',
    doc: 'A thread some neighbouring positions, by vectors along them.',
    suits: lanesSuit,
    calls: ({ inputs: [x], outputs: [y], target }) => {
      const { workgroup, workgroups, uniforms } = positionTiles(target, x);
      return [
        {
          template: 'log_sum_exp_lanes',
          options: { workgroup },
          uniforms,
          reads: [{ name: 'x', value: x }],
          writes: [{ name: 'y', value: y }],
          workgroups,
        },
      ];
    },
  },
);
