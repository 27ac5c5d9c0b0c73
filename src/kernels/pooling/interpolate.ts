import type { Attrs, Shape } from '../../ir/graph.ts';
import type { UniformType } from '../../ir/kernel.ts';
import { axisMap } from '../../ops/pooling/interpolate.ts';
import { type KernelFamily, onlyVariant } from '../variant.ts';
import { perLine } from './per-line.ts';

export const interpolate: KernelFamily = onlyVariant(
  'A thread some neighbours of a line of the result.',
  ({ inputs: [x], outputs: [y], attrs, target }) => [
    perLine(
      target,
      'interpolate',
      { bilinear: attrs['mode'] === 'bilinear' },
      [{ name: 'x', value: x }],
      { name: 'y', value: y },
      mapUniforms(x.shape, y.shape, attrs),
    ),
  ],
);

export const interpolateBackward: KernelFamily = onlyVariant(
  'A thread some neighbours of a line of the gradient.',
  ({ inputs: [dy], outputs: [dx], attrs, target }) => [
    perLine(
      target,
      'interpolate_backward',
      { bilinear: attrs['mode'] === 'bilinear' },
      [{ name: 'dy', value: dy }],
      { name: 'dx', value: dx },
      mapUniforms(dx.shape, dy.shape, attrs),
    ),
  ],
);

function mapUniforms(x: Shape, y: Shape, attrs: Attrs): [string, UniformType, number][] {
  return (['h', 'w'] as const).flatMap((name, a): [string, UniformType, number][] => {
    const { factor, offset, divisor } = axisMap(x[a + 2], y[a + 2], attrs);
    return [
      [`in_${name}`, 'i32', x[a + 2]],
      [`out_${name}`, 'i32', y[a + 2]],
      [`factor_${name}`, 'i32', factor],
      [`offset_${name}`, 'i32', offset],
      [`divisor_${name}`, 'i32', divisor],
    ];
  });
}
