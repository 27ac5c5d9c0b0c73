import type { KernelBinding } from '../../ir/kernel.ts';
import { layoutOf } from '../../ops/normalisation/channel_norm.ts';
import { threadsOf } from '../threads.ts';
import type { KernelFamily } from '../variant.ts';
import { affineGradientsCall, normalised } from './affine.ts';
import { normFamily, planeTiling } from './tiling.ts';

export const channelNorm: KernelFamily = normFamily(
  ({ inputs: [x], attrs: a }) => {
    const l = layoutOf(x.shape, a['groups'] as number, a['over_batch'] as boolean);
    return { rows: l.rows, length: l.setSize * l.inner };
  },
  (c, tileRows) => {
    const {
      inputs: [x, weight],
      attrs: a,
    } = c;
    const overBatch = a['over_batch'] as boolean;
    const l = layoutOf(x.shape, a['groups'] as number, overBatch);
    // The affine part is constant on a plane, so a plane is one piece of a row; without one a group's planes
    // are one piece.
    const pieces = weight || overBatch ? l.setSize : 1;
    const { vectors, options, chunk, workgroups } = tileRows(l.rows, l.setSize * l.inner, pieces);
    return [
      {
        template: vectors ? 'normalise_rows' : 'normalise',
        options: { ...options, affine: weight ? 'channel' : 'none' },
        uniforms: [
          ['rows', 'u32', l.rows],
          ['row_stride', 'u32', l.setFirst * l.inner],
          ['outer', 'u32', pieces],
          ['outer_stride', 'u32', l.setStride * l.inner],
          ['inner', 'u32', (l.setSize / pieces) * l.inner],
          ['chunk', 'u32', chunk],
          ['eps', 'f32', a['eps'] as number],
          ['row_channels', 'u32', l.channels / l.setFirst],
          ['outer_channels', 'u32', l.setFirst],
        ],
        ...normalised(c),
        workgroups,
      },
    ];
  },
);

export const channelNormBackward: KernelFamily = normFamily(
  ({ inputs: [, x], attrs: a }) => {
    const l = layoutOf(x.shape, a['groups'] as number, a['over_batch'] as boolean);
    return { rows: l.planes, length: l.inner };
  },
  (c, tileRows) => {
    const [dy, x, stats, weight] = c.inputs;
    const overBatch = c.attrs['over_batch'] as boolean;
    const l = layoutOf(x.shape, c.attrs['groups'] as number, overBatch);
    const tiling = tileRows(l.planes, l.inner);
    const sums = c.scratch([l.planes, 2]);
    const { parts, team, chunk } = planeTiling(c.target, l.inner);
    const workgroup = threadsOf(c.target, chunk);
    const reads: KernelBinding[] = [
      { name: 'dy', value: dy, loads: 'once' },
      { name: 'x', value: x, loads: 'once' },
      { name: 'stats', value: stats },
    ];
    const shared = [
      ['planes', 'u32', l.planes],
      ['inner', 'u32', l.inner],
      ['stat_divisor', 'u32', overBatch ? 1 : l.setSize],
      ['stat_count', 'u32', l.rows],
    ] as const;
    return [
      {
        template: 'plane_sums',
        options: tiling.options,
        uniforms: [...shared, ['chunk', 'u32', tiling.chunk]],
        reads,
        writes: [{ name: 'sums', value: sums }],
        workgroups: tiling.workgroups,
      },
      ...(weight
        ? [affineGradientsCall(c.target, sums, l.planes / l.channels, c.outputs[1], c.outputs[2])]
        : []),
      {
        template: 'plane_norm_backward',
        options: { workgroup, affine: weight !== undefined, neighbours: tiling.vectors },
        uniforms: [
          ...shared,
          ['channels', 'u32', l.channels],
          ['parts', 'u32', parts],
          ['team', 'u32', team],
          ['chunk', 'u32', chunk],
          ['set_size', 'u32', l.setSize],
          ['set_first', 'u32', l.setFirst],
          ['set_stride', 'u32', l.setStride],
        ],
        reads: [
          ...reads,
          { name: 'sums', value: sums },
          ...(weight ? [{ name: 'weight', value: weight }] : []),
        ],
        writes: [{ name: 'dx', value: c.outputs[0] }],
        workgroups: Math.ceil((l.planes * parts) / workgroup),
        fusable: 'dx',
      },
    ];
  },
);
