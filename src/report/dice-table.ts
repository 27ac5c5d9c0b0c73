import Table from 'cli-table3';
import type { DiceReport, Region } from '../evaluation/dice.ts';

/**
 * DSC of each image and region as a text table, without colours, with the means below. `–` stands for a
 * region that is in neither truth nor prediction, and for a mean over none.
 */
export function diceTable({ images, regionMeans, mean }: DiceReport, regions: readonly Region[]): string {
  const table = new Table({
    head: ['image', ...regions.map(({ name }) => name)],
    colAligns: ['left', ...regions.map(() => 'right' as const)],
    style: { head: [], border: [] },
  });
  for (const { id, scores } of images) table.push([id, ...scores.map(({ dsc }) => digits(dsc))]);
  table.push(['mean', ...regionMeans.map(digits)]);
  return `${table.toString()}\nmean over regions: ${digits(mean)}`;
}

function digits(value: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(4);
}
