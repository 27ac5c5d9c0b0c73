import { expect, it } from 'vitest';
import { type SliceStack, windowsOf } from './validation-data.ts';

/** Slices whose every pixel has a number of its own, from `first` on. */
function stack(first: number, depth: number, height: number, width: number): SliceStack {
  const plane = height * width;
  return {
    ...{ depth, height, width },
    slice: (z) => {
      if (!(z >= 0 && z < depth)) throw new RangeError(`slice ${z} of ${depth}`);
      const label = Int32Array.from({ length: plane }, (_, i) => first + z * plane + i);
      return { channels: 1, height, width, image: Float32Array.from(label), label };
    },
  };
}

const stacks = [stack(1, 3, 8, 5), stack(1000, 1, 4, 4), stack(2000, 2, 3, 9)];
/** Every number is a class, which stays as it is. */
const target = { names: [], regions: false, values: Int32Array.from({ length: 3000 }, (_, i) => i) };
const size = { seed: 7, batch: 2, height: 4, width: 4, labels: { target } };

it('tiles all slices of all stacks, in order', () => {
  const windows = windowsOf(stacks, { ...size, batches: 50 });
  // 2×2 tiles of each of three slices, one of one, 1×3 of each of two.
  expect(windows.count).toBe(3 * 4 + 1 + 2 * 3);
  const seen = new Set<number>();
  const firsts: number[] = [];
  for (let i = 0; i < windows.count; i++) {
    const { x, target } = windows.sample(i);
    expect([...x]).toEqual([...target]);
    firsts.push(target.find((value) => value > 0)!);
    for (const value of target) if (value > 0) seen.add(value);
  }
  expect(seen.size).toBe(3 * 40 + 16 + 2 * 27);
  expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
});

it('takes a choice by the seed where there are more than fill the batches', () => {
  const firsts = (seed: number) => {
    const windows = windowsOf(stacks, { ...size, seed, batches: 3 });
    return Array.from({ length: windows.count }, (_, i) => windows.sample(i).target.find((v) => v > 0)!);
  };
  expect(firsts(7).length).toBe(6);
  expect(new Set(firsts(7)).size).toBe(6);
  expect(firsts(7)).toEqual(firsts(7));
  expect(firsts(8)).not.toEqual(firsts(7));
});
