import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { loadCase } from './case.ts';
import { expectedOf, openDataset } from './dataset.ts';
import { foregroundGroups, labellingText, paintedIds, paintingRemarks, targetOfLabels } from './labelling.ts';
import { writeLabelMap, writePng } from './png.ts';
import { verifyDataset } from './verify/verify.ts';

const root = mkdtempSync(join(tmpdir(), 'region-labels-'));
afterAll(() => rmSync(root, { recursive: true }));
const folder = join(root, 'data');
const path = join(folder, 'dataset.json');

const labels = { background: 0, whole: [1, 2, 3], core: [2, 3], enhancing: 3, ignore: 4 };
const right = {
  channel_names: { '0': 'MRI' },
  labels,
  regions_class_order: [1, 2, 3],
  numTraining: 1,
  file_ending: '.png',
};
const write = (changes: object) => writeFileSync(path, JSON.stringify({ ...right, ...changes }));
const writeLabels = (...data: number[]) =>
  writeLabelMap(join(folder, 'labelsTr', 'a.png'), { width: 6, height: 1, data: Int32Array.from(data) });

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const data = Uint8Array.of(0, 1, 2, 3, 4, 5);
  writePng(join(folder, 'imagesTr', 'a_0000.png'), { width: 6, height: 1, channels: 1, depth: 8, data });
  writeLabels(0, 1, 2, 3, 4, 0);
  write({});
});

function errorOf(action: () => unknown): InputError {
  try {
    action();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

it('reads regions in their order, and a value that occurs in regions only', () => {
  const dataset = openDataset(folder);
  expect(dataset).toMatchObject({
    classes: [
      { name: 'background', value: 0 },
      { name: 'label_1', value: 1 },
      { name: 'label_2', value: 2 },
      { name: 'enhancing', value: 3 },
    ],
    regions: [
      { name: 'whole', values: [1, 2, 3], painted: 1 },
      { name: 'core', values: [2, 3], painted: 2 },
      { name: 'enhancing', values: [3], painted: 3 },
    ],
    ignore: 4,
  });
  expect(targetOfLabels(dataset)).toEqual({
    names: ['whole', 'core', 'enhancing'],
    regions: true,
    values: Int32Array.of(0, 0b001, 0b011, 0b111),
  });
  expect(paintedIds(dataset)).toEqual([1, 2, 3]);
  expect(labellingText(dataset)).toBe('whole (1, 2, 3 → 1), core (2, 3 → 2), enhancing (3 → 3); ignored: 4');
  const [{ label }] = loadCase(dataset.training[0], expectedOf(dataset)).slices;
  expect([...label!]).toEqual([0, 1, 2, 3, -1, 0]);
});

it('values may have gaps: the background first, then by value', () => {
  writeLabels(5, 200, 7, 7, 255, 5);
  write({
    labels: { all: [200, '7'], background: 5, part: [200], ignore: 255 },
    regions_class_order: [7, 200],
  });
  const dataset = openDataset(folder);
  expect(dataset.classes.map(({ value }) => value)).toEqual([5, 7, 200]);
  expect(foregroundGroups(dataset)).toEqual([
    { name: 'all', classes: [2, 1] },
    { name: 'part', classes: [2] },
  ]);
  expect(paintedIds(dataset)).toEqual([1, 2]);
  const [{ label }] = loadCase(dataset.training[0], expectedOf(dataset)).slices;
  expect([...label!]).toEqual([0, 2, 1, 1, -1, 0]);
});

it('lists of one value are classes, as in nnU-Net; classes may have an ignored value, too', () => {
  writeLabels(0, 1, 2, 2, 3, 0);
  write({ labels: { background: 0, disc: [1], rim: [2], ignore: 3 }, regions_class_order: null });
  const dataset = openDataset(folder);
  expect([dataset.classes.length, dataset.regions, dataset.ignore]).toEqual([3, undefined, 3]);
  expect(targetOfLabels(dataset)).toMatchObject({ regions: false, values: Int32Array.of(0, 1, 2) });
});

/** What is changed, the message, and what is to be pasted, which then is read. */
const mistakes: [string, object, RegExp, string][] = [
  [
    'no order',
    { regions_class_order: undefined },
    /regions_class_order is missing; .* one value for each of whole, core, enhancing/,
    '"regions_class_order": [1,2,3]',
  ],
  [
    'an order of another length',
    { regions_class_order: [1, 2] },
    /has 2 values/,
    '"regions_class_order": [1,2,3]',
  ],
  ['an order that is no list', { regions_class_order: 3 }, /is 3; it is a list/, '[1,2,3]'],
  ['an order with another value', { regions_class_order: [1, 2, 5] }, /holds 5, which lies in no/, '[1,2,3]'],
  ['an order with the background', { regions_class_order: [1, 0, 3] }, /holds 0/, '[1,2,3]'],
  ['an order with what is ignored', { regions_class_order: [1, 2, 4] }, /holds 4/, '[1,2,3]'],
  [
    'Ignore with a capital',
    { labels: { ...labels, ignore: undefined, Ignore: 4 } },
    /the label Ignore is meant to be ignored, but that one is called "ignore"/,
    '"labels": {"background": 0, "whole": [1,2,3], "core": [2,3], "enhancing": 3, "ignore": 4}',
  ],
  [
    'a value twice in a region',
    { labels: { ...labels, core: [2, 3, 3] } },
    /core names a value twice/,
    '[2,3]',
  ],
  ['a list as background', { labels: { ...labels, background: [0, 5] } }, /background is a list/, '0'],
  ['a list as ignore', { labels: { ...labels, ignore: [4, 5] } }, /ignore is a list/, '"ignore": 4'],
  ['the background in a region', { labels: { ...labels, core: [0, 2, 3] } }, /core holds 0/, '[2,3]'],
  [
    'another name of the background',
    { labels: { ...labels, background: undefined, Background: 0 } },
    /no class named "background"/,
    '"labels": {"background": 0, "whole": [1,2,3], "core": [2,3], "enhancing": 3, "ignore": 4}',
  ],
  [
    'no class beside what is ignored',
    { labels: { background: 0, ignore: 4 }, regions_class_order: undefined },
    /no class but background/,
    '"labels": {"background": 0, "label_1": 1, "label_2": 2, "label_3": 3, "ignore": 4}',
  ],
  [
    'several of these',
    { labels: { ...labels, ignore: undefined, IGNORE: 4, core: [0, 2, 3] }, regions_class_order: [1] },
    /IGNORE is meant[\s\S]*core holds 0[\s\S]*regions_class_order has 1 values/,
    '"core": [2,3]',
  ],
];

describe('a mistake', () => {
  it.each(mistakes)('%s is told, with what is right to paste', (_name, changes, message, hint) => {
    write(changes);
    const error = errorOf(() => openDataset(folder));
    expect(error.code).toBe('bad-dataset');
    expect(error.message).toMatch(message);
    expect(error.hint).toContain(hint);
    const whole = /^\{\n[\s\S]*?\n\}$/m.exec(error.hint!);
    if (whole) writeFileSync(path, whole[0]);
    else write({ ...changes, ...(JSON.parse(`{${error.hint}}`) as object) });
    const dataset = openDataset(folder);
    loadCase(dataset.training[0], expectedOf(dataset));
  });

  const others: [string, object, RegExp, RegExp][] = [
    [
      'ignored is 0',
      { labels: { ...labels, ignore: 0 } },
      /gives the value 0 to background and ignore/,
      /own/,
    ],
    [
      'what is ignored in between',
      { labels: { background: 0, whole: [1, 5], part: 5, ignore: 4 }, regions_class_order: [1, 5] },
      /ignore is 4, but must be higher than all others, of which the highest is 5; in the label maps, too/,
      /"ignore": 6/,
    ],
    [
      'no value above for what is ignored',
      { labels: { background: 0, nucleus: 255, ignore: 4 }, regions_class_order: undefined },
      /ignore is 4/,
      /values below 255/,
    ],
    ['the values of another', { labels: { ...labels, all: [3, 2, 1] } }, /1, 2, 3 to whole and all/, /own/],
    ['an empty region', { labels: { ...labels, core: [] } }, /the label core is \[\]/, /for example/],
    [
      'regions of no values',
      { labels: { ...labels, core: ['x'], whole: [256] } },
      /label whole is \[256\], the label core is \["x"\]/,
      /for example/,
    ],
    [
      'an order without regions',
      { labels: { background: 0, a: 1, b: 2 } },
      /regions_class_order is there, but no label is a region/,
      /remove regions_class_order/,
    ],
  ];
  it.each(others)('%s is told, with what to do', (_name, changes, message, hint) => {
    write(changes);
    const error = errorOf(() => openDataset(folder));
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
  });

  it('a value of no class is no label, and what is ignored is never taken for one', () => {
    const labels = { background: 0, a: 1, b: 2, ignore: 4 };
    write({ labels, regions_class_order: undefined });
    const hintFor = (...data: number[]) => {
      writeLabels(...data);
      const dataset = openDataset(folder);
      return errorOf(() => loadCase(dataset.training[0], expectedOf(dataset))).hint;
    };
    expect(hintFor(0, 1, 3, 3, 4, 0)).toBe(
      'in dataset.json: "labels": {"background": 0, "a": 1, "b": 3, "ignore": 4}',
    );
    expect(hintFor(0, 1, 2, 5, 4, 0)).toMatch(/a value below that of ignore, 4/);
  });

  it('a value of no region is no label', () => {
    writeLabels(0, 1, 2, 3, 4, 6);
    const dataset = openDataset(folder);
    const error = errorOf(() => loadCase(dataset.training[0], expectedOf(dataset)));
    expect(error.message).toMatch(/holds 6 in 1 pixel; the classes are .*; 4 is ignored/);
    expect(error.hint).toMatch(/add these values to the regions/);
  });
});

describe('regions that are painted as others', () => {
  const remarksFor = (changes: object) => {
    write(changes);
    return paintingRemarks(openDataset(folder));
  };

  it('are remarked on: an order that paints over, and one that cannot say all', () => {
    expect(remarksFor({})).toEqual([]);
    const turned = { background: 0, enhancing: 3, core: [2, 3], whole: [1, 2, 3] };
    expect(remarksFor({ labels: turned, regions_class_order: [3, 2, 1] })).toEqual([
      'regions_class_order paints what lies in core, whole, value 2, as 1, which lies in whole: predictions will show that',
      'regions_class_order paints what lies in enhancing, core, whole, value 3, as 1, which lies in whole: predictions will show that',
    ]);
    const crossed = { background: 0, left: [1, 2], right: [2, 3] };
    expect(remarksFor({ labels: crossed, regions_class_order: [1, 3] })).toEqual([
      'regions_class_order paints what lies in left, right, value 2, as 3, which lies in right: predictions will show that',
    ]);
  });

  it('are warned of by data verify, which else finds nothing', () => {
    expect(verifyDataset(folder).problems).toEqual([]);
    write({ regions_class_order: [3, 2, 3] });
    expect(verifyDataset(folder).problems).toMatchObject([{ kind: 'region-order', severity: 'warning' }]);
    write({});
    writeLabels(0, 4, 4, 0, 0, 0);
    expect(verifyDataset(folder).problems.map(({ found }) => found)).toEqual([
      'holds background alone, and what is ignored',
      'no label map holds 1 (label_1)',
      'no label map holds 2 (label_2)',
      'no label map holds 3 (enhancing)',
    ]);
  });
});
