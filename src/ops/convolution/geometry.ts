import type { Attrs } from '../../ir/graph.ts';
import type { AttrSpec } from '../../ir/op.ts';

/** A pair of vertical and horizontal values. */
export type Pair = readonly [number, number];

/** How the kernel moves over the map. */
export interface Window {
  readonly stride: Pair;
  /** Top and left. */
  readonly before: Pair;
  /** Bottom and right. */
  readonly after: Pair;
  readonly dilation: Pair;
  readonly groups: number;
}

/** Attributes of a convolution, in the order and with the defaults of torch.nn.functional.conv2d. */
export const windowAttrs = {
  stride: { type: 'int[]', repeat: 2, default: [1, 1] },
  padding: { type: 'int[]', repeat: 2, default: [0, 0] },
  dilation: { type: 'int[]', repeat: 2, default: [1, 1] },
  groups: { type: 'int', default: 1 },
} as const satisfies Record<string, AttrSpec>;

/** Why attributes make no convolution. */
export class WindowError extends Error {
  override readonly name = 'WindowError';
}

/** Reads attributes; `padding` is [vertical, horizontal] or [top, left, bottom, right]. Throws {@link WindowError}. */
export function windowOf(attrs: Attrs): Window {
  const list = (name: string) => (attrs[name] ?? [1, 1]) as readonly number[];
  const pair = (name: string, least: number): Pair => {
    const values = list(name);
    if (values.length !== 2 || values.some((v) => !Number.isInteger(v) || v < least)) {
      throw new WindowError(`${name} <${values.join(', ')}> must be one or two whole numbers from ${least}`);
    }
    return [values[0], values[1]];
  };
  const padding = list('padding');
  if (![2, 4].includes(padding.length) || padding.some((v) => !Number.isInteger(v) || v < 0)) {
    throw new WindowError(
      `padding <${padding.join(', ')}> must be one, two [vertical, horizontal] or four numbers [top, left, bottom, right] from 0`,
    );
  }
  const groups = (attrs['groups'] ?? 1) as number;
  if (!Number.isInteger(groups) || groups < 1) throw new WindowError(`groups ${groups} must be 1 or more`);
  return {
    stride: pair('stride', 1),
    before: [padding[0], padding[1]],
    after: [padding.at(-2)!, padding.at(-1)!],
    dilation: pair('dilation', 1),
    groups,
  };
}

/** Size of the output along axis 0 (height) or 1 (width) of the map; below 1 where the kernel does not fit. */
export function convolvedSize(w: Window, axis: 0 | 1, size: number, kernel: number): number {
  const reach = w.dilation[axis] * (kernel - 1) + 1;
  return Math.floor((size + w.before[axis] + w.after[axis] - reach) / w.stride[axis]) + 1;
}
