import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import splits from '../../tests/fixtures/segmentation/splits.json' with { type: 'json' };
import { InputError } from '../errors.ts';
import { type FoldSpec, holdouts } from '../recipe/holdouts.ts';
import { withDefaults } from '../recipe/setting.ts';
import { foldOf, partsOf } from './folds.ts';

const folder = mkdtempSync(join(tmpdir(), 'archc-folds-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fold = (index: number, more: Partial<FoldSpec> = {}): FoldSpec => ({
  kind: 'fold',
  ...withDefaults(holdouts.fold.args, { index, ...more }),
});
const numbered = (count: number, name = (i: number) => `case_${String(i).padStart(3, '0')}`) =>
  Array.from({ length: count }, (_, i) => name(i));
const refusal = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    if (error instanceof InputError) return `${error.code} ${error.message}`;
    throw error;
  }
  throw new Error('it was not refused');
};

it.each(Object.entries(splits))('the folds of %s cases are nnU-Net’s', (count, expected) => {
  expect(partsOf(Number(count), 5)).toEqual(expected);
  const ids = numbered(Number(count));
  // The order in which cases are listed says nothing.
  for (const [k, part] of expected.entries())
    expect([...foldOf(ids.toReversed(), fold(k), folder)]).toEqual(part.map((i) => ids[i]));
});

describe('groups', () => {
  const ids = numbered(24, (i) => `p${Math.floor(i / 4)}_slice${i % 4}`);

  it('stay in one fold, and the folds are all cases, each once', () => {
    const parts = numbered(5).map((_, k) => foldOf(ids, fold(k, { group: '*_slice{i}' }), folder));
    expect(parts.flatMap((p) => [...p]).sort()).toEqual(ids);
    for (const part of parts) {
      const patients = new Set([...part].map((id) => id.split('_')[0]));
      expect(part.size).toBe(4 * patients.size);
    }
  });

  it('a case that the pattern does not fit is one by itself', () => {
    const all = [...ids, 'other', 'p0'];
    const parts = numbered(5).map((_, k) => foldOf(all, fold(k, { group: '*_slice{i}' }), folder));
    expect(parts.flatMap((p) => [...p]).sort()).toEqual(all.toSorted());
  });

  it('are counted where there are too few', () => {
    expect(refusal(() => foldOf(ids.slice(0, 8), fold(0, { group: '*_slice{i}' }), folder))).toMatch(
      /^bad-holdout .*5 folds of 2 groups/,
    );
  });
});

it('fewer cases than folds, and a fold that there is not', () => {
  expect(refusal(() => foldOf(numbered(4), fold(0), folder))).toMatch(/^bad-holdout .*5 folds of 4 cases/);
  expect(refusal(() => foldOf(numbered(9), fold(5), folder))).toMatch(/^bad-holdout .*fold 5 .*has 5/);
});

describe('a file of folds', () => {
  const given = (content: string) => {
    writeFileSync(join(folder, 'splits.json'), content);
    return (index: number) => foldOf(['a', 'b', 'c'], fold(index, { from: 'splits.json' }), folder);
  };

  it('says which cases', () => {
    const at = given('[{"train": ["a", "c"], "val": ["b"]}, {"train": ["b"], "val": ["c", "a"]}]');
    expect([[...at(0)], [...at(1)].sort()]).toEqual([['b'], ['a', 'c']]);
    expect(refusal(() => at(2))).toMatch(/^bad-holdout .*fold 2 of .*splits\.json, which has 2/);
  });

  it.each([
    ['{', /no list of folds/],
    ['[]', /no list of folds/],
    ['[{"train": ["a"], "val": "b"}]', /no list of folds/],
    ['[{"train": ["a", "b"], "val": ["c", "d"]}]', /names d, which are no training cases/],
    ['[{"train": ["a"], "val": ["b"]}]', /c, are in neither part/],
    ['[{"train": ["a", "b"], "val": ["b", "c"]}]', /b, are in both parts/],
  ])('%s is refused', (content, message) => {
    expect(refusal(() => given(content)(0))).toMatch(message);
  });

  it('that is not there', () => {
    expect(refusal(() => foldOf(['a'], fold(0, { from: 'none.json' }), folder))).toMatch(/^file-not-found/);
  });
});
