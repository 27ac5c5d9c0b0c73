import { elementCount, type Shape } from '../../ir/graph.ts';
import type { ElementOf, KernelCall, ScatterOf } from '../../ir/kernel.ts';
import { type KernelContext, type KernelFamily, onlyVariant } from '../variant.ts';

export const crossScan: KernelFamily = onlyVariant(
  'A thread a pixel, which it stores at its four places.',
  (c) => [
    {
      ...call(c, 'cross_scan', c.inputs[0].shape),
      fusable: 'y',
      element: scanned,
      scatter: fourPlaces(c.inputs[0].shape),
    },
  ],
);

export const crossMerge: KernelFamily = onlyVariant(
  'A thread a pixel, whose four places it adds up.',
  (c) => [{ ...call(c, 'cross_merge', c.outputs[0].shape), fusable: 'x', element: merged }],
);

/** The pixel that stands at a place of the four sequences. */
const scanned: ElementOf = {
  loads: 1,
  divisions: 3,
  // A thread of the dispatch writes four places.
  divisionsApart: 0.75,
  lines: ({ load, uniform: p }) => [
    `let length = ${p('height')} * ${p('width')};`,
    'let sequence = i / length;',
    `let above = sequence / ${p('channels')};`,
    `let channel = sequence - above * ${p('channels')};`,
    'let l = i - sequence * length;',
    'let forwards = select(l, length - 1u - l, (above & 2u) != 0u);',
    `let column = forwards / ${p('height')};`,
    `let by_column = (forwards - column * ${p('height')}) * ${p('width')} + column;`,
    'let pixel = select(forwards, by_column, (above & 1u) != 0u);',
    `return ${load('x', `((above >> 2u) * ${p('channels')} + channel) * length + pixel`)};`,
  ],
};

/** The four places of a pixel in the sequences. */
const fourPlaces = ([, channels, height, width]: Shape): ScatterOf => ({
  divisions: 3,
  divisionsApart: 3,
  uniforms: [
    ['channels', 'u32', channels],
    ['height', 'u32', height],
    ['width', 'u32', width],
  ],
  lines: (p) => ({
    lines: [
      `let length = ${p('height')} * ${p('width')};`,
      'let row = i / length;',
      'let by_row = i - row * length;',
      `let line = by_row / ${p('width')};`,
      `let by_column = (by_row - line * ${p('width')}) * ${p('height')} + line;`,
      `let sequence = ${p('channels')} * length;`,
      `let at = (row / ${p('channels')} * 3u * ${p('channels')} + row) * length;`,
      'let end = at + 2u * sequence + length - 1u;',
    ],
    at: ['at + by_row', 'at + sequence + by_column', 'end - by_row', 'end + sequence - by_column'],
  }),
});

/** The sum of a pixel's four places. */
const merged: ElementOf = {
  loads: 4,
  divisions: 3,
  divisionsApart: 3,
  lines: ({ load, uniform: p }) => [
    `let length = ${p('height')} * ${p('width')};`,
    'let row = i / length;',
    'let by_row = i - row * length;',
    `let line = by_row / ${p('width')};`,
    `let by_column = (by_row - line * ${p('width')}) * ${p('height')} + line;`,
    `let image = row / ${p('channels')};`,
    `let sequence = ${p('channels')} * length;`,
    `let at = (image * 3u * ${p('channels')} + row) * length;`,
    `let forwards = ${load('y', 'at + by_row')} + ${load('y', 'at + sequence + by_column')};`,
    'let end = at + 2u * sequence + length - 1u;',
    `return forwards + (${load('y', 'end - by_row')} + ${load('y', 'end + sequence - by_column')});`,
  ],
};

function call(c: KernelContext, template: 'cross_scan' | 'cross_merge', map: Shape): KernelCall {
  const { workgroup } = c.target.measured;
  const [, channels, height, width] = map;
  const count = elementCount(map);
  const [from, to] = template === 'cross_scan' ? ['x', 'y'] : ['y', 'x'];
  return {
    template,
    options: { workgroup },
    uniforms: [
      ['count', 'u32', count],
      ['channels', 'u32', channels],
      ['height', 'u32', height],
      ['width', 'u32', width],
    ],
    reads: [{ name: from, value: c.inputs[0], loads: 'once' }],
    writes: [{ name: to, value: c.outputs[0] }],
    workgroups: Math.ceil(count / workgroup),
  };
}
