import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../main.ts';

const spec = fileURLToPath(new URL('../../../tests/fixtures/cli/skips.arch', import.meta.url));
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'archc-drawing-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Runs a command; `out` and `err` are what it printed. */
async function archc(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const printed = { out: '', err: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed.out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed.err += String(text);
    return true;
  });
  const code = await main(args);
  vi.restoreAllMocks();
  return { code, ...printed };
}

describe('archc emit graph --format svg', () => {
  it('draws to stdout, or to a file and nothing else beside it', async () => {
    const { code, out } = await archc('emit', 'graph', spec, '--format', 'svg');
    expect(code).toBe(0);
    expect(out).toMatch(/^<svg [\s\S]*blocks\.0 … blocks\.2 \(3×\)[\s\S]*<\/svg>\n$/);
    const file = join(folder, 'figure.svg');
    const written = await archc('emit', 'graph', spec, '--format', 'svg', '--output', file);
    expect(written).toEqual({ code: 0, out: '', err: '' });
    expect(readFileSync(file, 'utf8')).toBe(out);
    expect(readdirSync(folder)).toEqual(['figure.svg']);
  });

  it('opens as deep as asked', async () => {
    const at = async (depth: string) =>
      (await archc('emit', 'graph', spec, '--format', 'svg', '--depth', depth)).out;
    expect(await at('1')).not.toContain('blocks.0');
    expect(await at('3')).toContain('>conv<');
  });

  it.each([
    [['emit', 'wgsl', spec, '--format', 'svg'], 'not the wgsl'],
    [['emit', 'graph', spec, '--format', 'svg', '--train'], 'not a training step'],
    [['emit', 'graph', spec, '--format', 'svg', '--json'], 'not JSON'],
    [['emit', 'graph', spec, '--depth', '2'], '--depth is about drawings'],
    [['emit', 'plan', spec, '--format', 'text'], '--format is about the graph'],
  ])('refuses %j', async (args, message) => {
    const { code, out, err } = await archc(...args);
    expect(code).toBe(2);
    expect(out).not.toContain('<svg');
    // Under --json an error is a document on stdout.
    expect(args.includes('--json') ? out : err).toContain(message);
  });

  it('leaves the graph as text otherwise', async () => {
    const { out } = await archc('emit', 'graph', spec);
    expect(out).toMatch(/^input %0: f32\[1, 1, 8, 8\] "image"\n/);
    expect((await archc('emit', 'graph', spec, '--format', 'text')).out).toBe(out);
  });
});

describe('archc params', () => {
  it('prints a tree with shares', async () => {
    const { out } = await archc('params', spec);
    expect(out).toMatch(/^Skips +Skips +504 +100\.0 % +30\.98 k +100\.0 % +\[1, 2, 8, 8\] *$/m);
    expect(out).toMatch(
      /^ {4}blocks\.0 … blocks\.2 \(3×\) +Residual +444 +88\.1 % +27\.65 k +89\.3 % +\[1, 4, 8, 8\] *$/m,
    );
    expect((await archc('params', spec, '--depth', '1')).out).not.toContain('blocks.0');
  });

  it('keeps the keys of its JSON', async () => {
    const cost = JSON.parse((await archc('params', spec, '--json', '--depth', '1')).out) as {
      modules: readonly { readonly path: string }[];
    };
    expect(Object.keys(cost)).toEqual([
      'model',
      'params',
      'macs',
      'scan_macs',
      'tensors',
      'buffers',
      'modules',
      'warnings',
    ]);
    expect(cost.modules.map((m) => m.path)).toContain('body.blocks.2.conv');
  });
});
