import { expect, it } from 'vitest';
import { evaluateDice } from '../evaluation/dice.ts';
import { diceTable } from './dice-table.ts';

it('lists images, means and what is not defined', () => {
  const regions = [
    { name: 'disc', labels: [1] },
    { name: 'rim', labels: [2] },
  ];
  const report = evaluateDice(
    [
      { id: 'a', truth: [1, 2, 0], prediction: [1, 2, 1] },
      { id: 'b', truth: [1, 0, 0], prediction: [1, 0, 0] },
    ],
    regions,
  );
  const lines = diceTable(report, regions).split('\n');
  const cells = (name: string) =>
    lines
      .find((line) => line.includes(` ${name} `))!
      .split('│')
      .map((cell) => cell.trim());
  expect(cells('image').slice(1, 4)).toEqual(['image', 'disc', 'rim']);
  expect(cells('a').slice(1, 4)).toEqual(['a', '0.6667', '1.0000']);
  expect(cells('b').slice(1, 4)).toEqual(['b', '1.0000', '–']);
  expect(cells('mean').slice(1, 4)).toEqual(['mean', '0.8333', '1.0000']);
  expect(lines.at(-1)).toBe('mean over regions: 0.9167');
});
