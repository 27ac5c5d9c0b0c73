import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type FixtureInfo, setTexts } from '../../tests/parity/fixture.ts';
import { openModel } from '../files/open.ts';
import { ops } from '../ops/index.ts';
import { modelCost } from './cost.ts';
import { costRows } from './cost-rows.ts';
import { moduleGraph } from './module-graph.ts';

const fixture = (path: string) => fileURLToPath(new URL(`../../tests/fixtures/${path}`, import.meta.url));
const networks = readdirSync(fixture('networks')).filter((f) => f.endsWith('.json'));

describe.each(networks)('%s', (file) => {
  const info = JSON.parse(readFileSync(fixture(`networks/${file}`), 'utf8')) as FixtureInfo;
  const model = openModel(info.net, { set: setTexts(info.config) });
  const cost = modelCost(model, ops);

  it.each([0, 1, 2, 3, 9])('sums to the totals at depth %i', (depth) => {
    const leaves = costRows(cost, depth).filter((row) => row.leaf);
    expect(leaves.reduce((n, row) => n + row.params, 0)).toBe(info.params);
    expect(leaves.reduce((n, row) => n + row.macs, 0)).toBe(cost.macs);
    expect(costRows(cost, depth)[0].output).toEqual(model.graph.values[model.outputs[0].value].shape);
    const drawn = moduleGraph(model, depth).boxes;
    expect(drawn.reduce((n, box) => n + box.params, 0)).toBe(info.params);
  });
});

describe('costRows', () => {
  const cost = modelCost(openModel(fixture('cli/skips.arch')), ops);
  const rows = (depth: number) =>
    costRows(cost, depth).map((r) => [r.depth, r.name, r.block, r.params, r.macs]);
  // A 3×3 convolution of 4 channels on 8×8: 4·4·9 weights and 4 biases, 4·4·9·64 multiply-adds.
  const [weights, macs] = [148, 9216];
  const head = [1, 'head', 'Conv2d', 18, 1024];

  it('joins equal modules of a list and gives their sum', () => {
    expect(rows(2)).toEqual([
      [0, '', 'Skips', 40 + 3 * weights + 20, 2304 + 3 * macs + 1024],
      [1, 'stem', 'Conv2d', 40, 2304],
      [1, 'body', 'Body', 3 * weights, 3 * macs],
      [2, 'blocks.0 … blocks.2 (3×)', 'Residual', 3 * weights, 3 * macs],
      head,
      [1, '(itself)', '', 2, 0],
    ]);
  });

  it('shows what is inside joined modules for all of them', () => {
    expect(rows(3)[4]).toEqual([3, 'conv', 'Conv2d', 3 * weights, 3 * macs]);
    expect(costRows(cost, 3)[4].count).toBe(3);
  });

  it('is one line at depth 0', () => {
    expect(rows(0).map(([, name]) => name)).toEqual(['']);
  });
});
