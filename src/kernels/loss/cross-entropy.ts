import type { Value } from '../../ir/graph.ts';
import { logitLayout } from '../../ops/loss/labels.ts';
import { chunks } from '../reduction/chunks.ts';
import { reductionPasses } from '../reduction/lower.ts';
import { type KernelFamily, withCpuVariant } from '../variant.ts';
import { labelledReads, lanesSuit, positionTiles } from './labelled.ts';

export const crossEntropy: KernelFamily = withCpuVariant(
  'A thread sums a chunk of the positions; `sum` adds these up.',
  (c) => {
    const [x] = c.inputs;
    const { positions } = logitLayout(x.shape);
    const { parts: threads, team, chunk } = chunks(c.target, positions);
    const sums = c.scratch([threads]);
    return [
      {
        template: 'cross_entropy',
        options: { workgroup: c.target.measured.workgroup },
        uniforms: [
          ...uniforms(x),
          ['threads', 'u32', threads],
          ['team', 'u32', team],
          ['chunk', 'u32', chunk],
        ],
        reads: meanReads(c.inputs),
        writes: [{ name: 'sums', value: sums }],
        workgroups: Math.ceil(threads / c.target.measured.workgroup),
      },
      ...reductionPasses(c, sums, c.outputs[0], [], [{ size: threads, strides: [1] }]),
    ];
  },
  {
    name: 'lanes',
    doc: 'A thread sums some neighbouring positions of a sample; `sum` adds these up.',
    suits: lanesSuit,
    calls: (c) => {
      const { threads, workgroup, workgroups, uniforms } = positionTiles(c.target, c.inputs[0]);
      const sums = c.scratch([threads]);
      return [
        {
          template: 'cross_entropy_lanes',
          options: { workgroup },
          uniforms: [...uniforms, scaleOf(c.inputs[0])],
          reads: meanReads(c.inputs),
          writes: [{ name: 'sums', value: sums }],
          workgroups,
        },
        ...reductionPasses(c, sums, c.outputs[0], [], [{ size: threads, strides: [1] }]),
      ];
    },
  },
);

export const crossEntropyBackward: KernelFamily = withCpuVariant(
  'A thread a position with all its classes.',
  (c) => {
    const { positions } = logitLayout(c.inputs[0].shape);
    const dloss = c.inputs.at(4);
    return [
      {
        template: 'cross_entropy_backward',
        options: { workgroup: c.target.measured.workgroup, weighted: dloss !== undefined },
        uniforms: uniforms(c.inputs[0]),
        reads: [...meanReads(c.inputs), ...(dloss ? [{ name: 'dloss', value: dloss }] : [])],
        writes: [{ name: 'dx', value: c.outputs[0] }],
        workgroups: Math.ceil(positions / c.target.measured.workgroup),
        fusable: 'dx',
      },
    ];
  },
  {
    name: 'lanes',
    doc: 'A thread some neighbouring positions of a sample with all their classes, by vectors along the positions.',
    suits: lanesSuit,
    calls: ({ inputs, outputs: [dx], target }) => {
      const { workgroup, workgroups, uniforms } = positionTiles(target, inputs[0]);
      const dloss = inputs.at(4);
      return [
        {
          template: 'cross_entropy_lanes_backward',
          options: { workgroup, weighted: dloss !== undefined },
          uniforms: [...uniforms, scaleOf(inputs[0])],
          reads: [...meanReads(inputs), ...(dloss ? [{ name: 'dloss', value: dloss }] : [])],
          writes: [{ name: 'dx', value: dx }],
          workgroups,
          fusable: 'dx',
        },
      ];
    },
  },
);

/** With what makes the mean one over the positions that count. */
const meanReads = (inputs: readonly Value[]) => [
  ...labelledReads(inputs),
  { name: 'share', value: inputs[3] },
];

function uniforms(x: Value) {
  const { classes, inner, positions } = logitLayout(x.shape);
  return [
    ['positions', 'u32', positions],
    ['classes', 'u32', classes],
    ['inner', 'u32', inner],
    scaleOf(x),
  ] as const;
}

const scaleOf = (x: Value) => ['scale', 'f32', 1 / logitLayout(x.shape).positions] as const;
