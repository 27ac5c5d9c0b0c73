import { elementCount } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import { axesOf, MASKED } from '../../ops/attention/window-mask.ts';
import { perElement } from '../per-element.ts';
import { type KernelContext, type KernelFamily, withCpuVariant } from '../variant.ts';

export const windowMask: KernelFamily = withCpuVariant('A thread an element.', maskCalls, {
  name: 'rows',
  doc: 'A thread some neighbours, which mostly lie in one row of one window.',
  calls: (c) => {
    const { workgroup, perThread } = c.target.measured;
    return maskCalls(c).map((call) => ({
      ...call,
      options: { ...call.options, per_thread: perThread },
      workgroups: Math.ceil(elementCount(c.outputs[0].shape) / (workgroup * perThread)),
    }));
  },
});

function maskCalls({ outputs: [y], attrs, target }: KernelContext): KernelCall[] {
  const [rows, columns] = axesOf(attrs);
  return [
    perElement(target, 'window_mask', {}, [], { name: 'y', value: y }, [
      ['height', 'u32', rows.size],
      ['width', 'u32', columns.size],
      ['window_h', 'u32', rows.window],
      ['window_w', 'u32', columns.window],
      ['shift_h', 'u32', rows.shift],
      ['shift_w', 'u32', columns.shift],
      ['masked', 'f32', MASKED],
    ]),
  ];
}
