import type { Shape } from '../../ir/graph.ts';
import type { UniformType } from '../../ir/kernel.ts';
import type { WindowAxis } from '../../ops/geometry.ts';
import { windowOf } from '../../ops/pooling/window.ts';
import { type KernelFamily, onlyVariant } from '../variant.ts';
import { perLine } from './per-line.ts';

export const maxPool2d: KernelFamily = onlyVariant(
  'A thread some neighbours of a line of the result.',
  ({ inputs: [x], outputs: [y], attrs, target }) => [
    perLine(
      target,
      'pool2d',
      { max: true, include_pad: false },
      [{ name: 'x', value: x }],
      { name: 'y', value: y },
      poolUniforms(x.shape, y.shape, windowOf(attrs)),
    ),
  ],
);

export const maxPool2dBackward: KernelFamily = onlyVariant(
  'A thread some neighbours of a line of the gradient.',
  ({ inputs: [x, dy], outputs: [dx], attrs, target }) => [
    perLine(
      target,
      'pool2d_backward',
      { max: true, include_pad: false },
      [
        { name: 'x', value: x },
        { name: 'dy', value: dy },
      ],
      { name: 'dx', value: dx },
      poolUniforms(x.shape, dy.shape, windowOf(attrs)),
    ),
  ],
);

export const avgPool2d: KernelFamily = onlyVariant(
  'A thread some neighbours of a line of the result.',
  ({ inputs: [x], outputs: [y], attrs, target }) => [
    perLine(
      target,
      'pool2d',
      { max: false, include_pad: attrs['count_include_pad'] as boolean },
      [{ name: 'x', value: x }],
      { name: 'y', value: y },
      poolUniforms(x.shape, y.shape, windowOf(attrs)),
    ),
  ],
);

export const avgPool2dBackward: KernelFamily = onlyVariant(
  'A thread some neighbours of a line of the gradient.',
  ({ inputs: [dy], outputs: [dx], attrs, target }) => [
    perLine(
      target,
      'pool2d_backward',
      { max: false, include_pad: attrs['count_include_pad'] as boolean },
      [{ name: 'dy', value: dy }],
      { name: 'dx', value: dx },
      poolUniforms(dx.shape, dy.shape, windowOf(attrs)),
    ),
  ],
);

/** Sizes for the templates `pool2d` and `pool2d_backward`. */
function poolUniforms(x: Shape, y: Shape, [h, w]: readonly WindowAxis[]): [string, UniformType, number][] {
  return [
    ['height', 'i32', x[2]],
    ['width', 'i32', x[3]],
    ['rows', 'i32', y[2]],
    ['columns', 'i32', y[3]],
    ...(['kernel', 'stride'] as const).flatMap((name): [string, UniformType, number][] => [
      [`${name}_h`, 'i32', h[name]],
      [`${name}_w`, 'i32', w[name]],
    ]),
    ['padding_h', 'i32', h.before],
    ['padding_w', 'i32', w.before],
  ];
}
