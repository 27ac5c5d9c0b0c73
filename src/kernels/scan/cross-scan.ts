import { elementCount, type Shape } from '../../ir/graph.ts';
import type { ElementOf, KernelCall, ScatterOf } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { costOf } from '../cost.ts';
import type { Candidate, KernelContext, KernelFamily } from '../variant.ts';

/** Rows of a map that a thread takes of it by blocks: of each column so many pixels are neighbours, whole cache lines. */
const ROWS = 16;

export const crossScan: KernelFamily = {
  variants: {
    blocks: 'A thread takes 16 rows of a map, by blocks of 4×4 that it also turns.',
    plain: 'A thread a pixel, which it stores at its four places.',
  },
  candidates: (node, target) => {
    const [map] = node.inputs;
    return [
      {
        ...byBlocks(map.shape, target),
        calls: (c) => [{ ...blocks(c, 'cross_scan', map.shape), fusable: 'y' }],
      },
      {
        ...byPixels(map.shape, target),
        calls: (c) => [
          {
            ...call(c, 'cross_scan', map.shape),
            fusable: 'y',
            element: scanned,
            scatter: fourPlaces(map.shape),
          },
        ],
      },
    ];
  },
};

export const crossMerge: KernelFamily = {
  variants: {
    blocks: 'A thread takes 16 rows of a map, by blocks of 4×4, half of which it turns.',
    plain: 'A thread a pixel, whose four places it adds up.',
  },
  candidates: (node, target) => {
    const [map] = node.outputs;
    return [
      {
        ...byBlocks(map.shape, target),
        calls: (c) => [{ ...blocks(c, 'cross_merge', map.shape), fusable: 'x' }],
      },
      {
        ...byPixels(map.shape, target),
        calls: (c) => [{ ...call(c, 'cross_merge', map.shape), fusable: 'x', element: merged }],
      },
    ];
  },
};

const byPixels = (map: Shape, target: Target): Omit<Candidate, 'calls'> => ({
  name: 'plain',
  needs: {},
  // Three divisions of a pixel count as much as its places.
  cost: costOf(target, { loads: 8 * elementCount(map), threads: elementCount(map) }),
});

/** Not where a pixel is computed or loaded: its places, one by one, take seven times as long (bench/wasm.ts). */
const byBlocks = (map: Shape, target: Target): Omit<Candidate, 'calls'> => ({
  name: 'blocks',
  needs: { kind: 'cpu' },
  cost: costOf(target, { loads: 4 * elementCount(map), threads: threadsOf(map) }),
});

const threadsOf = ([batch, channels, height]: Shape): number => batch * channels * Math.ceil(height / ROWS);

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

type Template = 'cross_scan' | 'cross_merge';

/** Uniforms and bindings of a call, by whatever threads. */
function about(c: KernelContext, template: Template, [, channels, height, width]: Shape) {
  const [from, to] = template === 'cross_scan' ? ['x', 'y'] : ['y', 'x'];
  return {
    sizes: [
      ['channels', 'u32', channels],
      ['height', 'u32', height],
      ['width', 'u32', width],
    ] satisfies KernelCall['uniforms'],
    reads: [{ name: from, value: c.inputs[0], loads: 'once' }] satisfies KernelCall['reads'],
    writes: [{ name: to, value: c.outputs[0] }],
  };
}

function call(c: KernelContext, template: Template, map: Shape): KernelCall {
  const { workgroup } = c.target.measured;
  const count = elementCount(map);
  const { sizes, reads, writes } = about(c, template, map);
  return {
    template,
    options: { workgroup },
    uniforms: [['count', 'u32', count], ...sizes],
    reads,
    writes,
    workgroups: Math.ceil(count / workgroup),
  };
}

function blocks(c: KernelContext, template: Template, map: Shape): KernelCall {
  const [batch, channels, height] = map;
  const { sizes, reads, writes } = about(c, template, map);
  return {
    template: `${template}_blocks`,
    options: { rows: ROWS },
    uniforms: [['maps', 'u32', batch * channels], ['blocks', 'u32', Math.ceil(height / ROWS)], ...sizes],
    // What computes them would do so one by one.
    reads: reads.map(({ name, value }) => ({ name, value })),
    writes,
    workgroups: threadsOf(map),
  };
}
