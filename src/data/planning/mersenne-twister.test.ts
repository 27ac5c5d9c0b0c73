import { expect, test } from 'vitest';
import { MersenneTwister } from './mersenne-twister.ts';

function drawn(twister: MersenneTwister, count: number, last: number): number[] {
  const target = new Int32Array(count);
  twister.fill(target, last);
  return [...target];
}

// Drawn by NumPy 2.4: RandomState(1234).randint(0, 2**32, 3, dtype=uint32), then .choice(1000, 5); and
// RandomState(12345).choice(37, 6).
test('draws what RandomState draws', () => {
  const twister = new MersenneTwister(1234);
  expect([twister.bits(), twister.bits(), twister.bits()]).toEqual([822569775, 2137449171, 2671936806]);
  expect(drawn(twister, 5, 999)).toEqual([53, 204, 372, 664, 655]);
  const other = new MersenneTwister(12345);
  expect(drawn(other, 6, 36)).toEqual([34, 29, 1, 36, 34, 29]);
});

test('draws nothing where there is no choice', () => {
  const twister = new MersenneTwister(1234);
  expect(drawn(twister, 3, 0)).toEqual([0, 0, 0]);
  expect(twister.bits()).toBe(822569775);
});
