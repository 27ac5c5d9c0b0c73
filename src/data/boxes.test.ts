import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutBox, eachSharedRun, volumeOf } from './boxes.ts';

const axis = fc.record({
  map: fc.integer({ min: 1, max: 5 }),
  window: fc.integer({ min: 1, max: 5 }),
  start: fc.integer({ min: -6, max: 6 }),
});
const axes = fc.array(axis, { minLength: 1, maxLength: 3 });

/** The coordinate of a flat index. */
const coordinate = (flat: number, size: readonly number[]) =>
  size.map((n, a) => Math.floor(flat / volumeOf(size.slice(a + 1))) % n);

test('a window over one, two and three axes holds what lies there, and 0 outside', () => {
  fc.assert(
    fc.property(axes, (all) => {
      const [map, window, start] = [all.map((a) => a.map), all.map((a) => a.window), all.map((a) => a.start)];
      const source = Int32Array.from({ length: 2 * volumeOf(map) }, (_, i) => i + 1);
      const cut = cutBox(source, map, window, start, new Int32Array(2 * volumeOf(window)));
      cut.forEach((value, i) => {
        const channel = Math.floor(i / volumeOf(window));
        const at = coordinate(i % volumeOf(window), window).map((c, a) => c + start[a]);
        const inside = at.every((c, a) => c >= 0 && c < map[a]);
        const flat = at.reduce((index, c, a) => index * map[a] + c, 0);
        expect(value).toBe(inside ? channel * volumeOf(map) + flat + 1 : 0);
      });
      let shared = 0;
      eachSharedRun(map, window, start, (_, __, length) => {
        expect(length).toBeGreaterThan(0);
        shared += length;
      });
      expect(shared).toBe(cut.filter((value) => value !== 0).length / 2);
    }),
  );
});
