import { elementCount, type Shape } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import { type KernelContext, type KernelFamily, onlyVariant } from '../variant.ts';

export const crossScan: KernelFamily = onlyVariant((c) => [
  { ...call(c, 'cross_scan', c.inputs[0].shape), fusable: 'y' },
]);

export const crossMerge: KernelFamily = onlyVariant((c) => [
  { ...call(c, 'cross_merge', c.outputs[0].shape), fusable: 'x' },
]);

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
    reads: [{ name: from, value: c.inputs[0] }],
    writes: [{ name: to, value: c.outputs[0] }],
    workgroups: [Math.ceil(count / workgroup), 1, 1],
  };
}
