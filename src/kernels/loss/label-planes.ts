import { elementCount } from '../../ir/graph.ts';
import type { ElementOf, KernelCall } from '../../ir/kernel.ts';
import { labelLimit, planeCount } from '../../ops/loss/label_planes.ts';
import { perElement } from '../per-element.ts';
import { type KernelContext, type KernelFamily, withCpuVariant } from '../variant.ts';

export const labelPlanes: KernelFamily = withCpuVariant('A thread an element.', planes, {
  name: 'rows',
  doc: 'A thread some neighbours, which mostly lie in one plane.',
  calls: (c) => {
    const { workgroup, perThread } = c.target.measured;
    return planes(c).map((call) => ({
      ...call,
      options: { ...call.options, per_thread: perThread },
      workgroups: Math.ceil(elementCount(c.outputs[0].shape) / (workgroup * perThread)),
    }));
  },
});

function planes({ inputs: [target], outputs: [y], attrs: a, target: device }: KernelContext): KernelCall[] {
  const weights = a['weights'] as readonly number[];
  const options = { regions: a['regions'] as boolean, weighted: weights.length > 0 };
  const call = perElement(device, 'label_planes', options, [{ name: 'labels', value: target }], output(y), [
    ['inner', 'u32', elementCount(target.shape.slice(1))],
    ['planes', 'u32', planeCount(a)],
    ['limit', 'u32', labelLimit(a)],
    ['on', 'f32', a['on'] as number],
    ['off', 'f32', a['off'] as number],
    ['ignored', 'f32', a['ignored'] as number],
  ]);
  // What loads a plane computes it, but for weights: they stand in the kernel's own table.
  return [options.weighted ? { ...call, table: tableOf(weights) } : { ...call, element: element(options) }];
}

const output = (value: KernelContext['outputs'][number]) => ({ name: 'y', value });

/** Bits of the weights, four a row. */
const tableOf = (weights: readonly number[]): number[] => [
  ...new Uint32Array(
    Float32Array.from({ length: 4 * Math.ceil(weights.length / 4) }, (_, i) => weights[i] ?? 0).buffer,
  ),
];

const element = ({ regions }: { readonly regions: boolean }): ElementOf => ({
  loads: 1,
  divisions: 2,
  divisionsApart: 2,
  lines: ({ load, uniform: p }) => [
    `let row = i / ${p('inner')};`,
    `let sample = row / ${p('planes')};`,
    `let plane = row - sample * ${p('planes')};`,
    `let label = u32(${load('labels', `sample * ${p('inner')} + (i - row * ${p('inner')})`)});`,
    `let hit = ${regions ? '((label >> plane) & 1u) == 1u' : 'label == plane'};`,
    `return select(${p('ignored')}, select(${p('off')}, ${p('on')}, hit), label < ${p('limit')});`,
  ],
});
