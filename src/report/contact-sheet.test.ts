import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readPng } from '../data/png.ts';
import { contactSheet, labelColours, type SheetRow, writeContactSheet } from './contact-sheet.ts';

function row(height: number, width: number, channels: number): SheetRow {
  const plane = height * width;
  // Normalised values: −1 is the darkest pixel, 1 the brightest.
  const image = Float32Array.from({ length: channels * plane }, (_, i) => (i % plane === 0 ? 1 : -1));
  return {
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

it('sets image, truth and prediction side by side, row below row, on white', () => {
  const sheet = contactSheet([row(5, 7, 3), row(4, 3, 1)]);
  expect([sheet.width, sheet.height, sheet.channels]).toEqual([3 * 7 + 4 * 6, 5 + 4 + 3 * 6, 3]);
  expect(at(sheet, 0, 0)).toEqual([255, 255, 255]);
  for (const left of [6, 19, 32]) {
    for (const top of [6, 17]) {
      expect(at(sheet, top, left)).toEqual([255, 255, 255]);
      expect(at(sheet, top, left + 1)).toEqual([0, 0, 0]);
    }
    expect(at(sheet, 17, left + 3)).toEqual([255, 255, 255]);
  }
});

it('tints labels and draws their contour, in the truth and the prediction each its own', () => {
  const given = row(7, 7, 1);
  const square = (label: number) =>
    Int32Array.from({ length: 49 }, (_, i) => {
      const [y, x] = [Math.floor(i / 7), i % 7];
      return y >= 2 && y <= 4 && x >= 2 && x <= 4 ? label : 0;
    });
  const sheet = contactSheet([{ ...given, truth: square(1), prediction: square(2) }]);
  const [truth, prediction] = [6 + 13, 6 + 26];
  expect(at(sheet, 6 + 2, truth + 2)).toEqual([...labelColours[0]]);
  expect(at(sheet, 6 + 3, truth + 4)).toEqual([...labelColours[0]]);
  expect(at(sheet, 6 + 3, truth + 3)).toEqual(labelColours[0].map((value) => Math.round(value / 4)));
  expect(at(sheet, 6 + 2, prediction + 2)).toEqual([...labelColours[1]]);
  expect(at(sheet, 6 + 1, truth + 2)).toEqual([0, 0, 0]);
  expect(at(sheet, 6 + 2, 6 + 2)).toEqual([0, 0, 0]);
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
