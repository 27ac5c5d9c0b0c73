import type { Attrs } from '../../ir/graph.ts';
import type { UniformType } from '../../ir/kernel.ts';
import { geometryOf } from '../../ops/attention/relative-position-bias.ts';
import { perElement } from '../per-element.ts';
import { type KernelFamily, onlyVariant } from '../variant.ts';

export const relativePositionBias: KernelFamily = onlyVariant(
  'A thread an element, which it looks up in the table.',
  ({ inputs: [table], outputs: [y], attrs, target }) => [
    perElement(
      target,
      'relative_position_bias',
      {},
      [{ name: 'table', value: table }],
      { name: 'y', value: y },
      uniformsOf(attrs, y.shape[0]),
    ),
  ],
);

export const relativePositionBiasBackward: KernelFamily = onlyVariant(
  'A thread an entry of the table: the sum of the gradients of all places that read it.',
  ({ inputs: [dy], outputs: [dtable], attrs, target }) => [
    perElement(
      target,
      'relative_position_bias_backward',
      {},
      [{ name: 'dy', value: dy }],
      { name: 'dtable', value: dtable },
      uniformsOf(attrs, dtable.shape[1]),
    ),
  ],
);

function uniformsOf(attrs: Attrs, heads: number): [string, UniformType, number][] {
  const {
    tokens,
    table: [rows, columns],
  } = geometryOf(attrs);
  return [
    ['tokens', 'i32', tokens],
    ['rows', 'i32', rows],
    ['columns', 'i32', columns],
    ['heads', 'i32', heads],
  ];
}
