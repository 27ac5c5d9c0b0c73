import { describe, expect, it } from 'vitest';
import reference from '../../tests/fixtures/metrics/expected.json' with { type: 'json' };
import { readLabels } from '../data/image.ts';
import { Random } from '../recipe/random.ts';
import { connectedComponents, growInto } from './components.ts';
import type { Triple } from './distance-transform.ts';
import { scoreInstances } from './instances.ts';

const folder = 'tests/fixtures/metrics';

it.each(reference.cells)('F1 of $name is that of the reference evaluation', (expected) => {
  const truth = readLabels(`${folder}/${expected.truth}`);
  const prediction = readLabels(`${folder}/${expected.prediction}`);
  const mask = prediction.data.map((id) => (id === 1 ? 1 : 0));
  const { ids } = connectedComponents(mask, prediction.shape);
  const score = scoreInstances(truth.data, ids, truth.shape);
  expect([score.truth, score.predicted]).toEqual([expected.true_num, expected.pred_num]);
  expect([score.tp, score.fp, score.fn]).toEqual([expected.tp, expected.fp, expected.fn]);
  for (const ratio of ['precision', 'recall', 'f1'] as const)
    expect(score[ratio]).toBeCloseTo(expected[ratio], 14);
});

/** A map from rows of digits, 0 as a dot. */
function map(...rows: string[]): { ids: Int32Array; shape: Triple } {
  return {
    ids: Int32Array.from(rows.join(''), (digit) => Number(digit === '.' ? 0 : digit)),
    shape: [1, rows.length, rows[0].length],
  };
}

describe('components', () => {
  it('go across corners, and are numbered in the order of their first pixels', () => {
    const { ids, shape } = map('1..1', '.1..', '...1', '11.1');
    expect(connectedComponents(ids, shape)).toEqual({
      count: 4,
      ids: map('1..2', '.1..', '...3', '44.3').ids,
    });
  });

  it('go across corners of voxels', () => {
    const diagonal = Int32Array.of(1, 0, 0, 0, 0, 0, 0, 1);
    expect(connectedComponents(diagonal, [2, 2, 2]).count).toBe(1);
    expect(connectedComponents(new Int32Array(8), [2, 2, 2]).count).toBe(0);
  });

  it('do not depend on a recursion that a large one would exhaust', () => {
    const { count, ids } = connectedComponents(new Uint8Array(1_000_000).fill(1), [1, 1000, 1000]);
    expect(count).toBe(1);
    expect(ids.every((id) => id === 1)).toBe(true);
  });
});

describe('growing', () => {
  it('takes the boundary pixel by pixel, across edges, each by the nearest', () => {
    const { ids, shape } = map('.1....', '......', '...2..');
    growInto(ids, map('111111', '.11.11', '111111').ids, shape);
    // What touches a component only across a corner is reached around it, and what nothing leads to stays.
    expect(ids).toEqual(map('111111', '.11.22', '112222').ids);
  });

  it('fills no more than is reached, in volumes along all three axes', () => {
    const ids = new Int32Array(27);
    ids[13] = 5;
    growInto(ids, new Uint8Array(27).fill(1), [3, 3, 3]);
    expect(ids.every((id) => id === 5)).toBe(true);
    const apart = Int32Array.of(1, 0, 0, 0, 0);
    growInto(apart, Uint8Array.of(0, 1, 0, 1, 1), [1, 1, 5]);
    expect([...apart]).toEqual([1, 1, 0, 0, 0]);
  });
});

describe('instances', () => {
  const frame = (rows: string[]) => {
    const blank = '.'.repeat(rows[0].length + 4);
    return map(blank, blank, ...rows.map((row) => `..${row}..`), blank, blank);
  };
  const score = (truth: string[], prediction: string[]) => {
    const [a, b] = [frame(truth), frame(prediction)];
    return scoreInstances(a.ids, b.ids, a.shape);
  };

  it('match from an IoU of exactly 0.5 on', () => {
    expect(score(['11..'], ['1...'])).toMatchObject({ tp: 1, fp: 0, fn: 0, precision: 1, recall: 1, f1: 1 });
    expect(score(['111.'], ['1...'])).toMatchObject({ tp: 0, fp: 1, fn: 1, precision: 0, recall: 0, f1: 0 });
  });

  it('have one partner: of two halves one remains', () => {
    expect(score(['1122'], ['1111'])).toMatchObject({ truth: 2, predicted: 1, tp: 1, fp: 0, fn: 1 });
    expect(score(['1111'], ['1122'])).toMatchObject({ truth: 1, predicted: 2, tp: 1, fp: 1, fn: 0 });
  });

  it('that reach the outer two pixels are dropped on both sides', () => {
    const truth = map('......', '.1....', '..22..', '......', '......', '......');
    expect(scoreInstances(truth.ids, truth.ids, truth.shape)).toMatchObject({
      truth: 1,
      tp: 1,
      fp: 0,
      fn: 0,
    });
    const long = map('......', '......', '..22..', '..2...', '..2...', '......');
    expect(scoreInstances(truth.ids, long.ids, truth.shape)).toMatchObject({ predicted: 0, tp: 0, f1: 0 });
  });

  it('of volumes have borders along all axes', () => {
    const [depth, side] = [5, 5];
    const at = (z: number) =>
      Int32Array.from({ length: depth * side * side }, (_, i) => (i === (z * side + 2) * side + 2 ? 1 : 0));
    expect(scoreInstances(at(2), at(2), [depth, side, side])).toMatchObject({ truth: 1, tp: 1 });
    expect(scoreInstances(at(1), at(1), [depth, side, side])).toMatchObject({ truth: 0, predicted: 0 });
  });

  it('where nothing is there', () => {
    const none = ['....'];
    expect(score(['11..'], none)).toMatchObject({
      truth: 1,
      predicted: 0,
      tp: 0,
      fp: 0,
      fn: 0,
      f1: 0,
      recall: 0,
    });
    expect(score(none, ['11..'])).toMatchObject({
      truth: 0,
      predicted: 1,
      tp: 0,
      fp: 1,
      fn: 0,
      f1: 0,
      recall: 0,
    });
    expect(score(none, none)).toMatchObject({ f1: Number.NaN, precision: Number.NaN, recall: Number.NaN });
  });

  it('are paired as often as the best of all assignments', () => {
    const random = Random.stream(5, 'pairs');
    let halves = 0;
    for (let round = 0; round < 300; round++) {
      const row = () => {
        let [id, text] = [1, ''];
        while (text.length < 12)
          text += String(random.chance(0.2) ? 0 : id++).repeat(random.integer(1, 3) * 2);
        return text.slice(0, 12).replaceAll('0', '.');
      };
      const [truth, prediction] = [row(), row()];
      const ids = (text: string) => [...new Set(text.replaceAll('.', ''))];
      const sizes = (a: string, b: string) => {
        const both = [...truth].filter((id, i) => id === a && prediction[i] === b).length;
        return (
          both /
          ([...truth].filter((id) => id === a).length +
            [...prediction].filter((id) => id === b).length -
            both)
        );
      };
      const best = (rows: string[], free: string[]): number => {
        if (rows.length === 0) return 0;
        const [a, ...rest] = rows;
        const taken = free
          .filter((b) => sizes(a, b) >= 0.5)
          .map(
            (b) =>
              1 +
              best(
                rest,
                free.filter((other) => other !== b),
              ),
          );
        if (taken.length > 1) halves++;
        return Math.max(best(rest, free), ...taken);
      };
      const expected = best(ids(truth), ids(prediction));
      expect(score([truth], [prediction]).tp, `${truth} ${prediction}`).toBe(expected);
    }
    expect(halves).toBeGreaterThan(0);
  });
});
