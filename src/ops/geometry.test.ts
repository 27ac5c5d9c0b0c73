import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coveredSize, eachCoordinate, placeCount, tapRows, type WindowAxis } from './geometry.ts';

const small = (min: number, max: number) => fc.integer({ min, max });
const window: fc.Arbitrary<WindowAxis & { size: number }> = fc
  .record({
    kernel: small(1, 3),
    stride: small(1, 3),
    dilation: small(1, 2),
    before: small(0, 2),
    after: small(0, 2),
    size: small(1, 6),
  })
  .filter((axis) => placeCount(axis, axis.size) >= 1);
/** Windows over one, two and three axes. */
const windows = fc.array(window, { minLength: 1, maxLength: 3 });

/** All whole numbers below n. */
const below = (n: number) => Array.from({ length: n }, (_, i) => i);

test('a window has as many places as fit, and they cover what the transposed window gives back', () => {
  fc.assert(
    fc.property(window, (axis) => {
      const { size, kernel, stride, dilation, before, after } = axis;
      const fits = (p: number) => p * stride + (kernel - 1) * dilation < size + before + after;
      const places = placeCount(axis, size);
      expect(below(20).filter(fits)).toEqual(below(places));
      const covered = coveredSize(axis, places);
      expect(covered).toBeLessThanOrEqual(size);
      expect(placeCount(axis, covered)).toBe(places);
      expect(placeCount(axis, covered - 1)).toBe(places - 1);
    }),
  );
});

test('coordinates are row-major', () => {
  fc.assert(
    fc.property(fc.array(small(1, 4), { maxLength: 4 }), (shape) => {
      const seen: number[] = [];
      eachCoordinate(shape, (flat, at) => {
        expect(at.reduce((index, c, a) => index * shape[a] + c, 0)).toBe(flat);
        seen.push(flat);
      });
      expect(seen).toEqual(below(shape.reduce((n, d) => n * d, 1)));
    }),
  );
});

/** Every tap of every place as plain loops say it, by flat indices: place, element, tap. */
function naive(axes: readonly (WindowAxis & { size: number })[]): number[][] {
  return axes.reduce<number[][]>(
    (taps, axis) =>
      taps.flatMap(([place, element, tap]) =>
        below(placeCount(axis, axis.size)).flatMap((p) =>
          below(axis.kernel).flatMap((t) => {
            const at = p * axis.stride + t * axis.dilation - axis.before;
            if (at < 0 || at >= axis.size) return [];
            const places = placeCount(axis, axis.size);
            return [[place * places + p, element * axis.size + at, tap * axis.kernel + t]];
          }),
        ),
      ),
    [[0, 0, 0]],
  );
}

test('taps over one, two and three axes are those of plain loops, place by place, in row-major order', () => {
  fc.assert(
    fc.property(windows, (axes) => {
      const map = axes.map(({ size }) => size);
      const { rows, step } = tapRows(
        axes,
        map,
        axes.map((axis) => placeCount(axis, axis.size)),
      );
      const taps: number[][] = [];
      for (let r = 0; r < rows.length; r += 4) {
        const [place, element, tap, count] = rows.slice(r, r + 4);
        for (let k = 0; k < count; k++) taps.push([place, element + k * step, tap + k]);
      }
      const order = ([place, , tap]: number[]) => place * 1000 + tap;
      expect(taps).toEqual(naive(axes).sort((a, b) => order(a) - order(b)));
    }),
    { numRuns: 300 },
  );
});
