import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { diagram, diagramDepths, diagramFile } from '../../docs/networks/diagram.ts';
import { modelCost } from '../../src/compiler/cost.ts';
import { openModel } from '../../src/files/open.ts';
import { shippedNames } from '../../src/files/spec-files.ts';
import { ops } from '../../src/ops/index.ts';
import { type FixtureInfo, setTexts } from '../parity/fixture.ts';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const text = readFileSync(at('docs/networks.md'), 'utf8');
const shipped = shippedNames();

/** Cells of the table that `<!-- name -->` stands before, without its head. */
function table(name: string): string[][] {
  const [, after] = text.split(`<!-- ${name} -->`);
  const lines = after.split('<!-- end -->')[0].trim().split('\n').slice(2);
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

/** Parameters, MACs and scan MACs, written as in the tables. */
function figures(spec: string, set: Readonly<Record<string, string>>): string[] {
  const { params, macs, scan_macs } = modelCost(openModel(spec, { set }), ops);
  return [params.toLocaleString('en'), (macs / 1e9).toFixed(3), (scan_macs / 1e9).toFixed(3)];
}

function configuration(spec: string, data: string): Record<string, string> {
  const file = at(`tests/fixtures/reference/${spec}-${data}.json`);
  const { config } = JSON.parse(readFileSync(file, 'utf8')) as FixtureInfo;
  return setTexts(config);
}

describe('the figures in docs/networks.md are those that archc counts', () => {
  test.each(table('figures').map((row) => [row[0], row] as const))('%s', (spec, [, ...row]) => {
    expect(row.slice(0, 3)).toEqual(figures(spec, configuration(spec, 'mri')));
    expect(row.slice(3, 6)).toEqual(figures(spec, configuration(spec, 'microscopy')));
  });

  test('of every segmentation network', () => {
    expect(
      table('figures')
        .map(([spec]) => spec)
        .sort(),
    ).toEqual(shipped.filter((s) => s !== 'vmamba').sort());
  });

  test('of the classifier', () => {
    const [params, macs, scan] = figures('vmamba', {});
    const sentence = text.split('\n\n').find((paragraph) => paragraph.startsWith('`vmamba`, the classifier'));
    for (const figure of [`${params} parameters`, `${macs}·10⁹ MACs`, `${scan}·10⁹\nfor its scans`])
      expect(sentence).toContain(figure);
  });

  test.each(table('widths'))('of nnFormer with embed_dim %s', (embed_dim, num_heads, ...row) => {
    expect(row).toEqual(figures('nnformer', { embed_dim, num_heads }).slice(0, 2));
  });
});

describe('every network has a diagram, and it is what archc draws today', () => {
  test.each(shipped)('%s', (spec) => {
    expect(diagramDepths).toHaveProperty(spec);
    expect(text).toContain(`](networks/${spec}.svg)`);
    const drawn = diagram(spec);
    expect(readFileSync(diagramFile(spec), 'utf8') === drawn, 'outdated: npm run diagrams').toBe(true);
    expect(drawn.length).toBeLessThan(200_000);
  });
});
