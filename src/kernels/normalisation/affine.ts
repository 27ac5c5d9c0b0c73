import type { Value } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import type { KernelNode } from '../variant.ts';

/** What `normalise` reads and writes: of x, and weight and bias where there are any, the result and the statistics. */
export function normalised({ inputs: [x, weight, bias], outputs: [y, stats] }: KernelNode) {
  const affine = [
    { name: 'weight', value: weight },
    { name: 'bias', value: bias },
  ];
  return {
    reads: [{ name: 'x', value: x, loads: 'few' as const }, ...(weight ? affine : [])],
    writes: [
      { name: 'stats', value: stats },
      { name: 'y', value: y },
    ],
    fusable: 'y',
  };
}

/** Adds up `parts` partial sums [parts, channels, 2] of (dy·xhat, dy) to the gradients of weight and bias. */
export function affineGradientsCall(
  { measured: { workgroup } }: Target,
  sums: Value,
  parts: number,
  dw: Value,
  db: Value,
): KernelCall {
  const channels = dw.shape[0];
  return {
    template: 'affine_gradients',
    options: { workgroup },
    uniforms: [
      ['channels', 'u32', channels],
      ['parts', 'u32', parts],
    ],
    reads: [{ name: 'sums', value: sums }],
    writes: [
      { name: 'dw', value: dw },
      { name: 'db', value: db },
    ],
    workgroups: Math.ceil(channels / workgroup),
    adds: [dw, db].map((to, first) => ({
      from: sums,
      to,
      parts,
      partStride: 2 * channels,
      first,
      stride: 2,
    })),
  };
}
