import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GraphBuilder } from '../ir/builder.ts';
import { elementCount, type ValueId } from '../ir/graph.ts';
import { interpret } from '../reference/interpret.ts';
import { entryOf } from './attention/relative-position-bias.ts';
import { eachCoordinate } from './geometry.ts';
import { ops } from './index.ts';
import { cutWindows, joinWindows } from './partition.ts';
import { axisMap, eachWeight } from './pooling/interpolate.ts';

const small = (min: number, max: number) => fc.integer({ min, max });
const axes = <T>(axis: fc.Arbitrary<T>) => fc.array(axis, { minLength: 1, maxLength: 3 });

/** A value of a graph of one input, whose elements are 0, 1, 2, … */
function run(shape: readonly number[], make: (b: GraphBuilder, x: ValueId) => ValueId) {
  const b = new GraphBuilder(ops);
  const x = b.source('input', 'x', shape);
  const y = make(b, x);
  b.output('y', y);
  const data = Float64Array.from({ length: elementCount(shape) }, (_, i) => i);
  return interpret(b.build(), ops, new Map([[x, { shape, data }]])).get(y)!;
}

test('windows over one, two and three axes hold what lies there, and are put together again', () => {
  fc.assert(
    fc.property(axes(fc.record({ count: small(1, 3), window: small(1, 3) })), (parts) => {
      const [counts, window] = [parts.map((p) => p.count), parts.map((p) => p.window)];
      const map = parts.map((p) => p.count * p.window);
      const shape = [2, ...map, 2];
      const cut = run(shape, (b, x) => cutWindows(b, x, window));
      expect(cut.shape).toEqual([2, ...counts, ...window, 2]);
      eachCoordinate(cut.shape, (flat, [sample, ...at]) => {
        const place = map.map((_, a) => at[a] * window[a] + at[map.length + a]);
        const from = [sample, ...place, at[at.length - 1]];
        expect(cut.data[flat]).toBe(from.reduce((index, c, a) => index * shape[a] + c, 0));
      });
      const back = run(shape, (b, x) => joinWindows(b, cutWindows(b, x, window)));
      expect([back.shape, [...back.data]]).toEqual([shape, [...back.data.keys()]]);
      const order = window.map((_, a) => window.length - 1 - a);
      const turned = run(shape, (b, x) => cutWindows(b, x, window, order));
      expect(turned.shape).toEqual([2, ...counts, ...[...window].reverse(), 2]);
    }),
    { numRuns: 50 },
  );
});

test('tokens that lie to each other in the same way share a row of the table, and others do not', () => {
  fc.assert(
    fc.property(axes(small(1, 3)), (table) => {
      const places: number[][] = [];
      eachCoordinate(table, (_, at) => {
        places.push([...at]);
      });
      const rowOf = new Map<string, number>();
      places.forEach((q, query) => {
        places.forEach((k, key) => {
          const apart = q.map((c, a) => c - k[a]).join();
          const row = entryOf(table, query, key);
          expect(rowOf.get(apart) ?? row).toBe(row);
          rowOf.set(apart, row);
        });
      });
      const all = elementCount(table.map((n) => 2 * n - 1));
      expect([...rowOf.values()].sort((a, b) => a - b)).toEqual(Array.from({ length: all }, (_, i) => i));
    }),
  );
});

test('a resize over one, two and three axes reads by each axis as by that axis alone', () => {
  const axis = fc.record({ from: small(1, 4), to: small(1, 5) });
  const attrs = fc.constantFrom(
    { mode: 'nearest', align_corners: false },
    { mode: 'bilinear', align_corners: false },
    { mode: 'bilinear', align_corners: true },
  );
  fc.assert(
    fc.property(axes(axis), attrs, (sizes, how) => {
      const [from, to] = [sizes.map((s) => s.from), sizes.map((s) => s.to)];
      const count = elementCount(from);
      const found = new Map<number, number>();
      eachWeight([1, 1, ...from], [1, 1, ...to], how, (o, i, weight) => {
        found.set(o * count + i, (found.get(o * count + i) ?? 0) + weight);
      });
      /** Weight of element i of one axis in its output o. */
      const alone = (a: number, o: number, i: number): number => {
        const { factor, offset, divisor } = axisMap(from[a], to[a], how);
        const at = Math.min(Math.max(factor * o + offset, 0) / divisor, from[a] - 1);
        return how.mode === 'nearest' ? Number(Math.floor(at) === i) : Math.max(0, 1 - Math.abs(at - i));
      };
      eachCoordinate(to, (o, out) => {
        eachCoordinate(from, (i, at) => {
          const weight = at.reduce((w, c, a) => w * alone(a, out[a], c), 1);
          expect(found.get(o * count + i) ?? 0).toBeCloseTo(weight, 12);
        });
      });
    }),
    { numRuns: 60 },
  );
});
