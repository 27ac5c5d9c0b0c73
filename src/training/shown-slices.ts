import type { LabelledSlice, Slice } from '../data/case.ts';

/** A slice of a held-back case of which pictures are made as training goes on. */
export interface ShownSlice {
  /** Of its case. */
  readonly id: string;
  readonly title: string;
  /** As the network reads it. */
  readonly input: LabelledSlice;
  /** As it is to be seen. */
  readonly image: Slice;
}

/** The slice with most foreground in its truth, the first of equals; the middle one where there is none. */
export function fullestSlice(depth: number, label: (z: number) => ArrayLike<number> | undefined): number {
  let [shown, most] = [Math.floor(depth / 2), 0];
  for (let z = 0; z < depth; z++) {
    const foreground = foregroundOf(label(z) ?? []);
    if (foreground > most) [shown, most] = [z, foreground];
  }
  return shown;
}

function foregroundOf(labels: ArrayLike<number>): number {
  let count = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] > 0) count++;
  return count;
}

/** What a picture of a slice is called. */
export const sliceTitle = (id: string, z: number, depth: number): string =>
  depth === 1 ? id : `${id}, slice ${z + 1} of ${depth}`;
