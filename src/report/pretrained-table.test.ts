import { expect, it } from 'vitest';
import { pretrainedTable } from './pretrained-table.ts';

it('counts by module what was loaded, left out and is new', () => {
  const text = pretrainedTable([
    { parameter: 'encoder.layers.0.weight', from: 'layers.0.weight', status: 'loaded' },
    { parameter: 'encoder.layers.1.weight', from: 'layers.1.weight', status: 'loaded' },
    { parameter: 'encoder.embed.weight', from: 'embed.weight', status: 'shape' },
    { parameter: '', from: 'head.weight', status: 'skipped' },
    { parameter: 'stem.weight', from: '', status: 'new' },
    { parameter: 'scale', from: '', status: 'new' },
  ]);
  const cells = text.split('\n').map((line) =>
    line
      .split('│')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  expect(cells.filter((c) => c.length > 0)).toEqual([
    ['module', 'loaded', 'skipped', 'new', 'new (shape differs)'],
    ['encoder.layers', '2', '', '', ''],
    ['encoder.embed', '', '', '', '1'],
    ['(head)', '', '1', '', ''],
    ['stem', '', '', '1', ''],
    ['scale', '', '', '1', ''],
    ['tensors', '2', '1', '2', '1'],
  ]);
});
