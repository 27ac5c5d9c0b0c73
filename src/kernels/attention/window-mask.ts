import { axesOf, MASKED } from '../../ops/attention/window-mask.ts';
import { perElement } from '../per-element.ts';
import { type KernelFamily, onlyVariant } from '../variant.ts';

export const windowMask: KernelFamily = onlyVariant(
  'A thread an element.',
  ({ outputs: [y], attrs, target }) => {
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
  },
);
