import type { Attrs } from '../../ir/graph.ts';
import type { AttrSpec } from '../../ir/op.ts';
import type { WindowAxis } from '../geometry.ts';

/** How the kernel moves over the map; one number for each axis of it. */
export interface Window {
  readonly stride: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** Attributes of a convolution, with one number for all of two axes where it is one; in the order and with the defaults of torch.nn.functional.conv2d. */
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

/**
 * Reads the attributes of a convolution over `rank` axes; `padding` is one number an axis, or all those at the axes'
 * starts and then all at their ends. Throws {@link WindowError}.
 */
export function windowOf(attrs: Attrs, rank: number): Window {
  const list = (name: string, otherwise: number) =>
    (attrs[name] ?? new Array<number>(rank).fill(otherwise)) as readonly number[];
  const steps = (name: string): readonly number[] => {
    const values = list(name, 1);
    if (values.length === rank && values.every((v) => Number.isInteger(v) && v >= 1)) return values;
    const wanted = rank === 1 ? 'a whole number' : `one or ${counted(rank)} whole numbers`;
    throw new WindowError(`${name} <${values.join(', ')}> must be ${wanted} from 1`);
  };
  const padding = list('padding', 0);
  if (![rank, 2 * rank].includes(padding.length) || padding.some((v) => !Number.isInteger(v) || v < 0)) {
    throw new WindowError(`padding <${padding.join(', ')}> must be ${paddingForms(rank)} from 0`);
  }
  const groups = (attrs['groups'] ?? 1) as number;
  if (!Number.isInteger(groups) || groups < 1) throw new WindowError(`groups ${groups} must be 1 or more`);
  return {
    stride: steps('stride'),
    before: padding.slice(0, rank),
    after: padding.slice(-rank),
    dilation: steps('dilation'),
    groups,
  };
}

const counted = (n: number): string => ['no', 'one', 'two', 'three', 'four'][n] ?? String(n);

function paddingForms(rank: number): string {
  if (rank === 1) return 'one number or [left, right]';
  if (rank === 2) return 'one, two [vertical, horizontal] or four numbers [top, left, bottom, right]';
  return `one, ${counted(rank)}, one for each axis, or ${2 * rank} numbers, first those at the axes' starts,`;
}

/** The window along each axis, for a kernel of that size. */
export function axesOf(w: Window, kernel: readonly number[]): WindowAxis[] {
  return kernel.map((size, a) => ({
    kernel: size,
    stride: w.stride[a],
    dilation: w.dilation[a],
    before: w.before[a],
    after: w.after[a],
  }));
}
