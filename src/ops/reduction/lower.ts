import { elementCount, stridesOf } from '../../ir/graph.ts';
import type { KernelCall, LowerContext, UniformType } from '../../ir/kernel.ts';
import { normaliseAxes } from './axes.ts';

type Uniform = readonly [string, UniformType, number];

/** Largest number of groups of reduced (or kept) axes that the template walks; neighbours merge into one. */
const MAX_RUNS = 3;

/**
 * One workgroup sums one output element (a short sum: one thread). Reduced and kept axes are each described by
 * up to three runs of (size, stride), so any axes of any rank are one kernel.
 */
export function lowerReduction(c: LowerContext, axes: readonly number[]): KernelCall[] {
  const [x] = c.inputs;
  const [y] = c.outputs;
  const at = normaliseAxes(axes, x.shape.length);
  const strides = stridesOf(x.shape);
  const runs = (reduced: boolean) => {
    const merged: { size: number; stride: number }[] = [];
    for (let i = 0; i < x.shape.length; i++) {
      if (at.includes(i) !== reduced || x.shape[i] === 1) continue;
      const last = merged.at(-1);
      if (last && last.stride === strides[i] * x.shape[i]) {
        last.size *= x.shape[i];
        last.stride = strides[i];
      } else merged.push({ size: x.shape[i], stride: strides[i] });
    }
    if (merged.length > MAX_RUNS) throw new Error(`reduction over too many separate axes of [${x.shape}]`);
    while (merged.length < MAX_RUNS) merged.unshift({ size: 1, stride: 0 });
    return merged;
  };
  const count = elementCount(y.shape);
  const length = elementCount(x.shape) / Math.max(count, 1);
  const perGroup = length >= 256;
  const uniforms: Uniform[] = [
    ['count', 'u32', count],
    ['length', 'u32', length],
  ];
  for (const [prefix, list] of [
    ['keep', runs(false)],
    ['red', runs(true)],
  ] as const) {
    list.forEach((r, i) => {
      uniforms.push([`${prefix}_size${i}`, 'u32', r.size], [`${prefix}_stride${i}`, 'u32', r.stride]);
    });
  }
  return [
    {
      template: 'reduce',
      options: { cooperative: perGroup, workgroup: 64 },
      uniforms,
      reads: [{ name: 'x', value: x }],
      writes: [{ name: 'y', value: y }],
      workgroups: [perGroup ? count : Math.ceil(count / 64), 1, 1],
      fusable: 'y',
    },
  ];
}
