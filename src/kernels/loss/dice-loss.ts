import type { KernelCall } from '../../ir/kernel.ts';
import { diceLayout } from '../../ops/loss/dice_loss.ts';
import { logitLayout } from '../../ops/loss/labels.ts';
import { chunks } from '../reduction/chunks.ts';
import { type KernelFamily, onlyVariant } from '../variant.ts';
import { labelledReads } from './labelled.ts';

export const diceLoss: KernelFamily = onlyVariant((c): KernelCall[] => {
  const { workgroup } = c.target.measured;
  const [x] = c.inputs;
  const l = diceLayout(x.shape, c.attrs);
  const quads = Math.ceil(l.classes / 4) * (l.rows / l.classes);
  const { parts, team, chunk } = chunks(c.target, l.inner, quads, l.samplesPerRow);
  const sums = c.scratch([l.rows, parts, 2]);
  return [
    {
      template: 'dice_sums',
      options: { workgroup },
      uniforms: [
        ['quads', 'u32', quads],
        ['parts', 'u32', parts],
        ['team', 'u32', team],
        ['chunk', 'u32', chunk],
        ['classes', 'u32', l.classes],
        ['inner', 'u32', l.inner],
        ['samples', 'u32', l.samplesPerRow],
      ],
      reads: labelledReads(c.inputs),
      writes: [{ name: 'sums', value: sums }],
      workgroups: [Math.ceil((quads * parts) / workgroup), 1, 1],
    },
    {
      template: 'dice_loss',
      options: { workgroup, functions: 'workgroup_sum' },
      uniforms: [
        ['rows', 'u32', l.rows],
        ['parts', 'u32', parts],
        ['classes', 'u32', l.classes],
        ['first_class', 'u32', l.firstClass],
        ['scale', 'f32', l.scale],
        ['smooth_term', 'f32', c.attrs['smooth'] as number],
      ],
      reads: [{ name: 'sums', value: sums }],
      writes: [
        { name: 'loss', value: c.outputs[0] },
        { name: 'slopes', value: c.outputs[1] },
      ],
      workgroups: [1, 1, 1],
      fusable: 'loss',
    },
  ];
});

export const diceLossBackward: KernelFamily = onlyVariant(
  ({
    inputs,
    outputs: [dx],
    attrs: a,
    target: {
      measured: { workgroup },
    },
  }) => {
    const { classes, inner, positions } = logitLayout(inputs[0].shape);
    const dloss = inputs.at(4);
    return [
      {
        template: 'dice_loss_backward',
        options: { workgroup, batch: a['batch'] as boolean, weighted: dloss !== undefined },
        uniforms: [
          ['positions', 'u32', positions],
          ['classes', 'u32', classes],
          ['inner', 'u32', inner],
        ],
        reads: [
          ...labelledReads(inputs),
          { name: 'slopes', value: inputs[3] },
          ...(dloss ? [{ name: 'dloss', value: dloss }] : []),
        ],
        writes: [{ name: 'dx', value: dx }],
        workgroups: [Math.ceil(positions / workgroup), 1, 1],
        fusable: 'dx',
      },
    ];
  },
);
