import { Dim, type Dims, formatDims } from '../../ir/dim.ts';
import type { Attrs } from '../../ir/graph.ts';
import { ShapeError } from '../../ir/op.ts';
import { axisName, axisText, kernelText, placeCount } from '../geometry.ts';
import { axesOf, type Window, WindowError, windowOf } from './geometry.ts';

/** The window that attributes of `op` describe; throws {@link ShapeError}. */
export function checkedWindow(op: string, attrs: Attrs, rank: number): Window {
  try {
    return windowOf(attrs, rank);
  } catch (error) {
    if (error instanceof WindowError) throw new ShapeError(`\`${op}\`: ${error.message}`);
    throw error;
  }
}

/** Type of y in y = convolution(x [B, C, ...], weight [C2, C/groups, ...]) over `rank` axes; throws {@link ShapeError}. */
export function convolvedDims(op: string, x: Dims, weight: Dims, attrs: Attrs, rank: number): Dims {
  const w = checkedWindow(op, attrs, rank);
  const found = `x ${formatDims(x)} and weight ${formatDims(weight)}`;
  const wrong = (why: string, hint?: string) => new ShapeError(`\`${op}\` of ${found}: ${why}`, [0, 1], hint);
  const fits = x.length === rank + 2 && weight.length === rank + 2;
  if (!fits || [...x.slice(1), ...weight].some((d) => d.batch)) {
    throw wrong(`it needs x [B, C, ${axisText(rank)}] and weight [C2, C/groups, ${kernelText(rank)}]`);
  }
  const [out, groupChannels, ...kernel] = weight.map((d) => d.size);
  if (x[1].size !== groupChannels * w.groups) {
    const needed = groupChannels * w.groups;
    throw wrong(
      `x has ${x[1].size} channels, the weight takes ${needed}${w.groups > 1 ? ` in ${w.groups} groups` : ''}`,
      x[1].size % groupChannels === 0
        ? `groups ${x[1].size / groupChannels} would fit`
        : 'the second axis of x must be C',
    );
  }
  if (out % w.groups !== 0) throw wrong(`${out} output channels cannot be divided into ${w.groups} groups`);
  const map = axesOf(w, kernel).map((axis, a) => {
    const size = placeCount(axis, x[2 + a].size);
    if (size < 1) {
      throw wrong(
        `the kernel is larger than the padded map along ${axisName(a, rank)}`,
        'use more padding, a smaller kernel or a larger map',
      );
    }
    return x[2 + a].map(() => size)!;
  });
  return [x[0], Dim.of(out, weight[0].origin), ...map];
}
