import { expect, it } from 'vitest';
import { drawText, fitText, textSize } from './pixel-font.ts';

/** The pixels of a text on a canvas of one channel. */
function pixelsOf(text: string): string {
  const data = new Uint8Array(12 * 10).fill(255);
  drawText({ width: 12, height: 10, channels: 1, depth: 8, data }, text, 1, 1, 1);
  return data.join();
}

it('draws each letter and digit, and what stands in names of cases, in its own way', () => {
  const characters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.,()+=/: ';
  expect(new Set([...characters].map(pixelsOf)).size).toBe(characters.length);
  // What it does not know shows as one frame, outside of the basic plane, too.
  expect([...'é漢😀'].map(pixelsOf)).toEqual(Array(3).fill(pixelsOf('é')));
  expect(characters).not.toContain('é');
});

it('stays within the image', () => {
  const data = new Uint8Array(4 * 4 * 3).fill(255);
  drawText({ width: 4, height: 4, channels: 3, depth: 8, data }, 'case_0001', -3, -2, 2);
  expect(data.length).toBe(48);
  expect(data.some((value) => value === 0)).toBe(true);
});

it('cuts a text to a width', () => {
  expect(textSize('abc', 2)).toEqual({ width: 34, height: 16 });
  expect(fitText('abc', 34, 2)).toBe('abc');
  const cut = fitText('abcdefgh', 60, 2);
  expect(cut).toBe('abc..');
  expect(textSize(cut, 2).width).toBeLessThanOrEqual(60);
});
