import { type Dim, type Dims, formatDims } from '../../ir/dim.ts';
import { type Attrs, elementCount, type Shape } from '../../ir/graph.ts';
import { type AttrSpec, ShapeError } from '../../ir/op.ts';
import { mapAxes, placeCount, tapRows, type WindowAxis } from '../geometry.ts';

/** Attributes of pooling over two axes, as PyTorch names them. */
export const poolAttrs: Readonly<Record<string, AttrSpec>> = {
  kernel_size: { type: 'int[]', repeat: 2 },
  stride: { type: 'int[]', repeat: 2, default: 0 },
  padding: { type: 'int[]', repeat: 2, default: 0 },
};

/** The window along each axis. A stride of 0 stands for the kernel size. */
export function windowOf(attrs: Attrs): WindowAxis[] {
  const [kernels, strides, paddings] = ['kernel_size', 'stride', 'padding'].map(
    (name) => attrs[name] as readonly number[],
  );
  return kernels.map((kernel, a) => ({
    kernel,
    stride: strides[a] || kernel,
    dilation: 1,
    before: paddings[a],
    after: paddings[a],
  }));
}

/** [B, C, ...] → each axis by as many as the window has places, over `rank` axes. Throws {@link ShapeError}. */
export function pooledDims(op: string, dims: Dims, attrs: Attrs, rank: number): Dims {
  const map = mapAxes(op, dims, rank);
  for (const [name, least] of [
    ['kernel_size', 1],
    ['stride', 0],
    ['padding', 0],
  ] as const) {
    const values = attrs[name] as readonly number[];
    if (values.length !== rank || values.some((n) => n < least)) {
      throw new ShapeError(
        `\`${op}\` cannot have ${name} <${values.join(', ')}>`,
        [],
        `${rank} numbers of at least ${least}`,
      );
    }
  }
  const axes = windowOf(attrs);
  const text = (of: keyof WindowAxis) => `<${axes.map((axis) => axis[of]).join(', ')}>`;
  if (axes.some(({ before, kernel }) => 2 * before > kernel)) {
    throw new ShapeError(
      `\`${op}\` cannot have padding ${text('before')}, more than half of its kernel ${text('kernel')}`,
    );
  }
  const pooled = map.map((d, a): Dim => {
    const out = d.map((n) => placeCount(axes[a], n));
    if (!out || out.size < 1) {
      throw new ShapeError(
        `\`${op}\` with kernel_size ${text('kernel')} does not fit into ${formatDims(dims)}`,
        [0],
      );
    }
    return out;
  });
  return [dims[0], dims[1], ...pooled];
}

/**
 * Calls `visit` for every pair of an output element and an input element (inside the map) of its window, for x and y
 * [B, C, ...] of any number of axes.
 */
export function eachTap(
  x: Shape,
  y: Shape,
  axes: readonly WindowAxis[],
  visit: (out: number, at: number) => void,
): void {
  const [map, places] = [x.slice(2), y.slice(2)];
  const { rows, step } = tapRows(axes, map, places);
  const [mapSize, placesSize] = [map, places].map(elementCount);
  for (let plane = 0; plane < y[0] * y[1]; plane++) {
    for (let r = 0; r < rows.length; r += 4) {
      const [place, element, count] = [rows[r], rows[r + 1], rows[r + 3]];
      for (let k = 0; k < count; k++) visit(plane * placesSize + place, plane * mapSize + element + k * step);
    }
  }
}
