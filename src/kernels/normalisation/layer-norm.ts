import type { KernelCall } from '../../ir/kernel.ts';
import { rowsAndLength } from '../../ops/normalisation/layer_norm.ts';
import { sumParts } from '../split-sum.ts';
import { threadsOf } from '../threads.ts';
import type { KernelContext, KernelFamily } from '../variant.ts';
import { affineGradientsCall, normalised } from './affine.ts';
import { normFamily } from './tiling.ts';

export const layerNorm: KernelFamily = normFamily(
  ({ inputs: [x] }) => rowsAndLength(x.shape),
  (c, tileRows) => {
    const {
      inputs: [x, weight],
      attrs: a,
    } = c;
    const { length, rows } = rowsAndLength(x.shape);
    const { vectors, options, chunk, workgroups } = tileRows(rows, length);
    return [
      {
        template: vectors ? 'normalise_rows' : 'normalise',
        options: { ...options, affine: weight ? 'element' : 'none' },
        uniforms: [
          ['rows', 'u32', rows],
          ['row_stride', 'u32', length],
          ['outer', 'u32', 1],
          ['outer_stride', 'u32', 0],
          ['inner', 'u32', length],
          ['chunk', 'u32', chunk],
          ['eps', 'f32', a['eps'] as number],
        ],
        ...normalised(c),
        workgroups,
      },
    ];
  },
);

export const layerNormBackward: KernelFamily = normFamily(
  ({ inputs: [, x] }) => rowsAndLength(x.shape),
  (c, tileRows) => {
    const [dy, x, stats, weight] = c.inputs;
    const { length, rows } = rowsAndLength(x.shape);
    const { vectors, options, workgroups } = tileRows(rows, length);
    if (vectors) return chunksOfRows(c, rows, length);
    return [
      ...(weight ? affineGradients(c, rows, length) : []),
      {
        template: 'row_norm_backward',
        options: { ...options, affine: weight !== undefined },
        uniforms: [
          ['rows', 'u32', rows],
          ['length', 'u32', length],
        ],
        reads: [
          { name: 'dy', value: dy, loads: 'few' },
          { name: 'x', value: x, loads: 'few' },
          { name: 'stats', value: stats },
          ...(weight ? [{ name: 'weight', value: weight }] : []),
        ],
        writes: [{ name: 'dx', value: c.outputs[0] }],
        workgroups,
        fusable: 'dx',
      },
    ];
  },
);

/** Columns that one thread sums, so that it loads a row's statistics once for all of them. */
const COLUMNS = 4;

function affineGradients(c: KernelContext, rows: number, columns: number): KernelCall[] {
  const {
    workgroup,
    norm: { columnThreads, leastRows },
  } = c.target.measured;
  const [dy, x, stats] = c.inputs;
  const [, dw, db] = c.outputs;
  const stride = Math.ceil(columns / COLUMNS);
  const parts = Math.max(1, Math.min(Math.floor(rows / leastRows), Math.floor(columnThreads / stride)));
  const sums = c.scratch([parts, columns, 2]);
  return [
    {
      template: 'column_gradients',
      options: { workgroup, columns: COLUMNS },
      uniforms: [
        ['rows', 'u32', rows],
        ['columns', 'u32', columns],
        ['stride', 'u32', stride],
        ['parts', 'u32', parts],
        ['chunk', 'u32', Math.ceil(rows / parts)],
      ] as const,
      reads: [
        { name: 'dy', value: dy, loads: 'once' },
        { name: 'x', value: x, loads: 'once' },
        { name: 'stats', value: stats },
      ],
      writes: [{ name: 'sums', value: sums }],
      workgroups: Math.ceil((stride * parts) / workgroup),
    },
    affineGradientsCall(c.target, sums, parts, dw, db),
  ];
}

/** The gradient, of chunks of rows, and with it sums over their columns for weight and bias, which then are added up. */
function chunksOfRows(c: KernelContext, rows: number, length: number): KernelCall[] {
  const { columnThreads, leastRows } = c.target.measured.norm;
  const [dy, x, stats, weight] = c.inputs;
  const [dx, ...gradients] = c.outputs;
  const parts = Math.max(1, Math.min(Math.floor(rows / leastRows), columnThreads));
  const chunk = Math.ceil(rows / parts);
  const workgroup = threadsOf(c.target, chunk * length);
  const sums = gradients.map(() => c.scratch([parts, length]));
  const call: KernelCall = {
    template: 'row_norm_backward_chunks',
    options: { workgroup, affine: weight !== undefined },
    uniforms: [
      ['rows', 'u32', rows],
      ['length', 'u32', length],
      ['parts', 'u32', parts],
      ['chunk', 'u32', chunk],
    ],
    reads: [
      { name: 'dy', value: dy, loads: 'few' },
      { name: 'x', value: x, loads: 'few' },
      { name: 'stats', value: stats },
      ...(weight ? [{ name: 'weight', value: weight }] : []),
    ],
    writes: [
      ...sums.map((value, k) => ({ name: ['sums_w', 'sums_b'][k], value, readWrite: true })),
      { name: 'dx', value: dx },
    ],
    workgroups: Math.ceil(parts / workgroup),
    fusable: 'dx',
  };
  return [
    call,
    ...sums.map((from, k) => ({ ...sumParts(c.target, from, gradients[k], parts), fusable: undefined })),
  ];
}
