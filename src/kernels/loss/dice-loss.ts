import type { Value } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import { diceLayout, sumsLayout } from '../../ops/loss/dice_loss.ts';
import { logitLayout } from '../../ops/loss/labels.ts';
import { chunks } from '../reduction/chunks.ts';
import { reductionPasses } from '../reduction/lower.ts';
import { threadsOf } from '../threads.ts';
import { type KernelContext, type KernelFamily, onlyVariant, withCpuVariant } from '../variant.ts';
import { labelledReads, lanesSuit, positionTiles } from './labelled.ts';

const lanes = {
  name: 'lanes',
  doc: 'A thread sums a chunk of the positions for a class, by vectors along them.',
  suits: lanesSuit,
};

export const diceLoss: KernelFamily = withCpuVariant(
  'A thread sums a chunk of the positions for four classes; one workgroup makes the loss of these.',
  (c) => lossCalls(c, partialSums),
  { ...lanes, calls: (c) => lossCalls(c, laneSums) },
);

function lossCalls(c: KernelContext, partial: typeof partialSums): KernelCall[] {
  const l = diceLayout(c.inputs[0].shape, c.attrs);
  const { call, sums, parts } = partial(c, l);
  return [call, lossCall(c, l, sums, parts)];
}

export const diceSums: KernelFamily = withCpuVariant(
  'A thread sums a chunk of the positions for four classes; `sum` adds these up.',
  (c) => sumCalls(c, partialSums),
  { ...lanes, calls: (c) => sumCalls(c, laneSums) },
);

function sumCalls(c: KernelContext, partial: typeof partialSums): KernelCall[] {
  const l = diceLayout(c.inputs[0].shape, { ...c.attrs, background: true });
  const { call, sums, parts } = partial(c, l);
  const kept = [
    { size: l.rows, strides: [2 * parts] },
    { size: 2, strides: [1] },
  ];
  return [call, ...reductionPasses(c, sums, c.outputs[0], kept, [{ size: parts, strides: [2] }])];
}

export const diceFromSums: KernelFamily = onlyVariant('One workgroup.', (c): KernelCall[] => [
  lossCall(c, sumsLayout(c.attrs), c.inputs[0], 1),
]);

/** Sums [rows, parts, 2] of chunks of the positions. */
function partialSums(c: KernelContext, l: ReturnType<typeof diceLayout>) {
  const { workgroup } = c.target.measured;
  const quads = Math.ceil(l.classes / 4) * (l.rows / l.classes);
  const { parts, team, chunk } = chunks(c.target, l.inner, quads, l.samplesPerRow);
  const sums = c.scratch([l.rows, parts, 2]);
  const call: KernelCall = {
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
    workgroups: Math.ceil((quads * parts) / workgroup),
  };
  return { call, sums, parts };
}

/** The same for one class a thread. */
function laneSums(c: KernelContext, l: ReturnType<typeof diceLayout>): ReturnType<typeof partialSums> {
  const { parts, chunk } = chunks(c.target, l.inner, l.rows, l.samplesPerRow);
  const workgroup = threadsOf(c.target, chunk * l.samplesPerRow);
  const sums = c.scratch([l.rows, parts, 2]);
  const call: KernelCall = {
    template: 'dice_sums_lanes',
    options: { workgroup },
    uniforms: [
      ['rows', 'u32', l.rows],
      ['parts', 'u32', parts],
      ['chunk', 'u32', chunk],
      ['classes', 'u32', l.classes],
      ['inner', 'u32', l.inner],
      ['samples', 'u32', l.samplesPerRow],
    ],
    reads: labelledReads(c.inputs),
    writes: [{ name: 'sums', value: sums }],
    workgroups: Math.ceil((l.rows * parts) / workgroup),
  };
  return { call, sums, parts };
}

function lossCall(
  { target, attrs, outputs: [loss, slopes] }: KernelContext,
  l: ReturnType<typeof sumsLayout>,
  sums: Value,
  parts: number,
): KernelCall {
  return {
    template: 'dice_loss',
    options: { workgroup: target.measured.workgroup, functions: 'workgroup_sum' },
    uniforms: [
      ['rows', 'u32', l.rows],
      ['parts', 'u32', parts],
      ['classes', 'u32', l.classes],
      ['first_class', 'u32', l.firstClass],
      ['scale', 'f32', l.scale],
      ['smooth_term', 'f32', attrs['smooth'] as number],
    ],
    reads: [{ name: 'sums', value: sums }],
    writes: [
      { name: 'loss', value: loss },
      { name: 'slopes', value: slopes },
    ],
    workgroups: 1,
    fusable: 'loss',
  };
}

export const diceLossBackward: KernelFamily = withCpuVariant(
  'A thread a position with all its classes.',
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
        workgroups: Math.ceil(positions / workgroup),
        fusable: 'dx',
      },
    ];
  },
  {
    name: 'lanes',
    doc: 'A thread some neighbouring positions of a sample with all their classes, by vectors along the positions.',
    suits: lanesSuit,
    calls: ({ inputs, outputs: [dx], attrs: a, target }) => {
      const { workgroup, workgroups, uniforms } = positionTiles(target, inputs[0]);
      const dloss = inputs.at(4);
      return [
        {
          template: 'dice_loss_lanes_backward',
          options: { workgroup, batch: a['batch'] as boolean, weighted: dloss !== undefined },
          uniforms,
          reads: [
            ...labelledReads(inputs),
            { name: 'slopes', value: inputs[3] },
            ...(dloss ? [{ name: 'dloss', value: dloss }] : []),
          ],
          writes: [{ name: 'dx', value: dx }],
          workgroups,
          fusable: 'dx',
        },
      ];
    },
  },
);
