import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readPng } from '../data/png.ts';
import { contactSheet, reducedRow, type SheetRow, writeContactSheet } from './contact-sheet.ts';
import { labelColours } from './label-colours.ts';

function row(height: number, width: number, channels: number): SheetRow {
  const plane = height * width;
  // Normalised values: −1 is the darkest pixel, 1 the brightest.
  const image = Float32Array.from({ length: channels * plane }, (_, i) => (i % plane === 0 ? 1 : -1));
  return {
    title: 'a',
    image: { channels, height, width, image },
    truth: new Int32Array(plane),
    prediction: new Int32Array(plane),
  };
}

/** RGB of a pixel. */
function at(sheet: { width: number; data: Uint8Array | Uint16Array }, y: number, x: number): number[] {
  const start = (y * sheet.width + x) * 3;
  return [...sheet.data.subarray(start, start + 3)];
}

/** Where the panels of the first row begin: below the titles of the columns and of the row. */
const first = 6 + 16 + 6 + 16 + 6;

it('sets image, truth and prediction side by side, row below row, on white', () => {
  const sheet = contactSheet([row(150, 140, 3), row(130, 200, 1)]);
  const height = first + 150 + 6 + 16 + 6 + 130 + 6;
  expect([sheet.width, sheet.height, sheet.channels]).toEqual([3 * 200 + 4 * 6, height, 3]);
  expect(at(sheet, 0, 0)).toEqual([255, 255, 255]);
  const second = first + 150 + 6 + 16 + 6;
  for (const left of [6, 212, 418]) {
    for (const top of [first, second]) {
      expect(at(sheet, top, left)).toEqual([255, 255, 255]);
      expect(at(sheet, top, left + 1)).toEqual([0, 0, 0]);
    }
    expect(at(sheet, first, left + 140)).toEqual([255, 255, 255]);
  }
});

it('draws small images larger, by whole factors', () => {
  const sheet = contactSheet([row(50, 35, 1)]);
  expect([sheet.width, sheet.height]).toEqual([3 * 175 + 4 * 6, first + 250 + 6]);
  // The bright pixel in the corner is now 5×5.
  expect(at(sheet, first + 4, 6 + 4)).toEqual([255, 255, 255]);
  for (const [y, x] of [
    [5, 0],
    [0, 5],
    [249, 174],
  ]) {
    expect(at(sheet, first + y, 6 + x)).toEqual([0, 0, 0]);
  }
});

/** Which pixels of a part of the sheet are black, as lines of # and spaces. */
function ink(
  sheet: ReturnType<typeof contactSheet>,
  top: number,
  left: number,
  height: number,
  width: number,
) {
  const lines = Array.from({ length: height / 2 }, (_, y) =>
    Array.from({ length: width / 2 }, (_x, x) => (at(sheet, top + 2 * y, left + 2 * x)[0] === 0 ? '#' : ' ')),
  );
  return lines.map((line) => line.join('').trimEnd());
}

it('titles its columns and rows', () => {
  const sheet = contactSheet([{ ...row(150, 200, 1), title: 'It' }]);
  expect(ink(sheet, 6, 6 + 206, 16, 12 * 5)).toEqual([
    ' #                 #    #',
    ' #                 #    #',
    '####  # ##  #   # ####  ####',
    ' #    ##  # #   #  #    #   #',
    ' #    #     #   #  #    #   #',
    ' #    #     #   #  #    #   #',
    '  ##  #      ####   ##  #   #',
    '',
  ]);
  expect(ink(sheet, 6 + 16 + 6, 6, 16, 24)).toEqual([
    ' ###   #',
    '  #    #',
    '  #   ####',
    '  #    #',
    '  #    #',
    '  #    #',
    ' ###    ##',
    '',
  ]);
});

it('cuts titles that are too long', () => {
  const sheet = contactSheet([{ ...row(200, 20, 1), title: 'case_'.repeat(40) }]);
  expect(sheet.width).toBe(3 * 118 + 4 * 6);
  for (let y = 0; y < sheet.height; y++) expect(at(sheet, y, sheet.width - 1)).toEqual([255, 255, 255]);
});

it('tints labels and draws their contour, in the truth and the prediction each its own', () => {
  const given = row(200, 200, 1);
  const square = (label: number) =>
    Int32Array.from({ length: 40000 }, (_, i) => {
      const [y, x] = [Math.floor(i / 200), i % 200];
      return y >= 2 && y <= 4 && x >= 2 && x <= 4 ? label : 0;
    });
  const sheet = contactSheet([{ ...given, truth: square(1), prediction: square(2) }]);
  const [truth, prediction] = [6 + 206, 6 + 412];
  expect(at(sheet, first + 2, truth + 2)).toEqual([...labelColours[0]]);
  expect(at(sheet, first + 3, truth + 4)).toEqual([...labelColours[0]]);
  expect(at(sheet, first + 3, truth + 3)).toEqual(labelColours[0].map((value) => Math.round(value / 4)));
  expect(at(sheet, first + 2, prediction + 2)).toEqual([...labelColours[1]]);
  expect(at(sheet, first + 1, truth + 2)).toEqual([0, 0, 0]);
  expect(at(sheet, first + 2, 6 + 2)).toEqual([0, 0, 0]);
});

it('shows a constant image and writes a PNG', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sheet-'));
  const given = row(3, 3, 1);
  const constant = { ...given, image: { ...given.image, image: new Float32Array(9).fill(3) } };
  const path = join(folder, 'out', 'sheet.png');
  writeContactSheet(path, [constant]);
  expect(readPng(path)).toEqual(contactSheet([constant]));
  rmSync(folder, { recursive: true });
});

it('refuses labels of another size, and nothing', () => {
  expect(() => contactSheet([{ ...row(3, 3, 1), truth: new Int32Array(8) }])).toThrow(RangeError);
  expect(() => contactSheet([])).toThrow(RangeError);
});

it('a large image is shown by every second pixel, or third', () => {
  const [height, width] = [5, 7];
  const image = Float32Array.from({ length: 2 * height * width }, (_, i) => i);
  const labels = Int32Array.from({ length: height * width }, (_, i) => i);
  const row = {
    ...{ title: 'x', truth: labels, prediction: Uint8Array.from(labels) },
    image: { channels: 2, height, width, image },
  };
  expect(reducedRow(row, 7)).toBe(row);
  const half = reducedRow(row, 4);
  const every = [0, 2, 4, 6, 14, 16, 18, 20, 28, 30, 32, 34];
  expect(half.image).toMatchObject({ channels: 2, height: 3, width: 4 });
  expect([...half.image.image]).toEqual([...every, ...every.map((i) => i + 35)]);
  expect([...half.truth]).toEqual(every);
  expect(half.prediction).toEqual(Uint8Array.from(every));
  expect(reducedRow(row, 3).image).toMatchObject({ height: 2, width: 3 });
});
