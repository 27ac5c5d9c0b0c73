import { type Dim, type Dims, formatDims } from '../../ir/dim.ts';
import type { Attrs, Shape } from '../../ir/graph.ts';
import { type AttrSpec, ShapeError } from '../../ir/op.ts';

/** Attributes of 2D pooling, as PyTorch names them. */
export const poolAttrs: Readonly<Record<string, AttrSpec>> = {
  kernel_size: { type: 'int[]', repeat: 2 },
  stride: { type: 'int[]', repeat: 2, default: 0 },
  padding: { type: 'int[]', repeat: 2, default: 0 },
};

export interface PoolWindow {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
}

/** A stride of 0 stands for the kernel size. */
export function windowOf(attrs: Attrs): PoolWindow {
  const [kernel, stride, padding] = ['kernel_size', 'stride', 'padding'].map(
    (name) => attrs[name] as readonly number[],
  );
  return { kernel, stride: stride.map((s, a) => (s === 0 ? kernel[a] : s)), padding };
}

/** [B, C, H, W] → [B, C, ⌊(H + 2·padding - kernel) / stride⌋ + 1, …]. Throws {@link ShapeError}. */
export function pooledDims(op: string, dims: Dims, attrs: Attrs): Dims {
  const { kernel, stride, padding } = windowOf(attrs);
  if (dims.length !== 4) throw new ShapeError(`\`${op}\` needs [B, C, H, W], found ${formatDims(dims)}`, [0]);
  for (const [name, v] of Object.entries({ kernel_size: kernel, stride, padding })) {
    if (v.length !== 2 || v.some((n) => n < (name === 'padding' ? 0 : 1))) {
      throw new ShapeError(`\`${op}\` cannot have ${name} <${v.join(', ')}>`, [], 'two positive numbers');
    }
  }
  if (padding.some((p, a) => 2 * p > kernel[a])) {
    throw new ShapeError(
      `\`${op}\` cannot have padding <${padding.join(', ')}>, more than half of its kernel <${kernel.join(', ')}>`,
    );
  }
  const pooled = dims.slice(2).map((d, a): Dim => {
    const out = d.map((n) => Math.floor((n + 2 * padding[a] - kernel[a]) / stride[a]) + 1);
    if (!out || out.size < 1) {
      throw new ShapeError(
        `\`${op}\` with kernel_size <${kernel.join(', ')}> does not fit into ${formatDims(dims)}`,
        [0],
      );
    }
    return out;
  });
  return [dims[0], dims[1], ...pooled];
}

/** Calls `visit` for every pair of an output element and an input element (inside the map) of its window. */
export function eachTap(
  x: Shape,
  y: Shape,
  { kernel, stride, padding }: PoolWindow,
  visit: (out: number, at: number) => void,
): void {
  const [, , height, width] = x;
  const [batch, channels, rows, columns] = y;
  for (let out = 0; out < batch * channels * rows * columns; out++) {
    const plane = Math.floor(out / (rows * columns));
    const top = (Math.floor(out / columns) % rows) * stride[0] - padding[0];
    const left = (out % columns) * stride[1] - padding[1];
    for (let h = Math.max(top, 0); h < Math.min(top + kernel[0], height); h++) {
      for (let w = Math.max(left, 0); w < Math.min(left + kernel[1], width); w++) {
        visit(out, (plane * height + h) * width + w);
      }
    }
  }
}
