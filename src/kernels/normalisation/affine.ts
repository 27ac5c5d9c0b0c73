import type { Value } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';

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
    workgroups: [Math.ceil(channels / workgroup), 1, 1],
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
