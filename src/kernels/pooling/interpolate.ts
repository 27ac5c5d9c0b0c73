import type { Attrs, Shape } from '../../ir/graph.ts';
import type { KernelCall, UniformType } from '../../ir/kernel.ts';
import { axisMap } from '../../ops/pooling/interpolate.ts';
import { type KernelContext, type KernelFamily, withCpuVariant } from '../variant.ts';
import { perLine, wholeLine } from './per-line.ts';

const doubled = {
  name: 'doubled',
  doc: 'Lines of twice as many elements, by vectors of both neighbours: a thread a line.',
};

export const interpolate: KernelFamily = withCpuVariant(
  'A thread some neighbours of a line of the result.',
  (c) => [forward(c, 'interpolate')],
  {
    ...doubled,
    suits: ({ inputs: [x], outputs: [y], attrs }) => isDoubled(x.shape, y.shape, attrs),
    calls: (c) => [wholeLine(c.target, forward(c, 'interpolate_doubled'), c.outputs[0].shape[3])],
  },
);

export const interpolateBackward: KernelFamily = withCpuVariant(
  'A thread some neighbours of a line of the gradient.',
  (c) => [backward(c, 'interpolate_backward')],
  {
    ...doubled,
    suits: ({ inputs: [dy], outputs: [dx], attrs }) => isDoubled(dx.shape, dy.shape, attrs),
    calls: (c) => [wholeLine(c.target, backward(c, 'interpolate_doubled_backward'), c.inputs[0].shape[3])],
  },
);

function forward({ inputs: [x], outputs: [y], attrs, target }: KernelContext, template: string): KernelCall {
  return perLine(
    target,
    template,
    { bilinear: attrs['mode'] === 'bilinear' },
    [{ name: 'x', value: x }],
    { name: 'y', value: y },
    mapUniforms(x.shape, y.shape, attrs),
  );
}

function backward(
  { inputs: [dy], outputs: [dx], attrs, target }: KernelContext,
  template: string,
): KernelCall {
  return perLine(
    target,
    template,
    { bilinear: attrs['mode'] === 'bilinear' },
    [{ name: 'dy', value: dy }],
    { name: 'dx', value: dx },
    mapUniforms(dx.shape, dy.shape, attrs),
  );
}

/** Whether the second has lines of twice as many elements. */
function isDoubled(x: Shape, y: Shape, attrs: Attrs): boolean {
  return y[3] === 2 * x[3] && !attrs['align_corners'];
}

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
