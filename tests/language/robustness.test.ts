import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check, diagnosticTable, elaborate, loadSpec, renderDiagnostic } from '../../src/language/index.ts';
import { memoryFiles } from '../../src/language/memory-files.ts';
import { ops } from '../../src/ops/index.ts';

const specs = new URL('../../specs/', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, specs), 'utf8');
const list = (folder: string) => readdirSync(new URL(folder, specs)).filter((f) => f.endsWith('.arch'));
const shipped: Record<string, string> = Object.fromEntries(
  [...list('.'), ...list('lib').map((f) => `lib/${f}`)].map((f) => [f, read(f)]),
);

/** Checks a file among the shipped ones, renders what is found, and sees to it that it is all in the table. */
function survives(entry: string, files: Readonly<Record<string, string>>): number {
  const loaded = loadSpec(entry, memoryFiles(files));
  const diagnostics = check(loaded, ops);
  for (const d of diagnostics) {
    expect(Object.keys(diagnosticTable)).toContain(d.code);
    expect(renderDiagnostic(d, loaded.sources, { color: true })).toContain(d.code);
  }
  return diagnostics.length;
}

/** Small sizes, so that an intact model costs little. */
const small: Record<string, string> = {};
for (const [path, text] of Object.entries(shipped)) {
  small[path] = text
    .replace(/<320, 320>|<224, 224>/g, '<64, 64>')
    .replace(/<2, 2, 9, 2>/g, '<1, 1, 1, 1>')
    .replace('<32, 64, 128, 256, 512, 512, 512>', '<4, 4, 8>');
}

const pieces = fc.constantFrom(
  ...[
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '<',
    '>',
    '=',
    ':',
    ',',
    ';',
    '..',
    '...',
    '|>',
    '->',
    '"',
    '\n',
    '//',
    '///',
  ],
  ...[
    'if',
    'else',
    'for',
    'in',
    'let',
    'param',
    'forward',
    'def',
    'variant',
    'output',
    'input',
    'block',
    'model',
  ],
  ...[
    'B',
    'x',
    'none',
    'true',
    '-',
    '^',
    '/ 0',
    '0',
    '9007199254740991',
    '1e308',
    '1/3',
    'zeros',
    'B + 1',
    'é',
    '\t',
  ],
);
const mutation = fc.record({
  path: fc.constantFrom(...Object.keys(small)),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.integer({ min: 0, max: 40 }),
  insert: fc.array(pieces, { maxLength: 3 }),
});

describe('whatever the text is, only diagnostics come out', () => {
  it.each(Object.keys(shipped))('%s is fine as shipped', (path) => {
    expect(survives(path, shipped)).toBe(0);
  });

  it('mutated specs', () => {
    fc.assert(
      fc.property(
        fc.array(mutation, { minLength: 1, maxLength: 2 }),
        fc.constantFrom(...list('.')),
        (edits, entry) => {
          const files = { ...small };
          for (const { path, at, remove, insert } of edits) {
            const text = files[path];
            const start = Math.floor(at * text.length);
            files[path] = `${text.slice(0, start)}${insert.join(' ')}${text.slice(start + remove)}`;
          }
          survives(entry, files);
        },
      ),
      { numRuns: process.env['ARCHC_FULL'] === '1' ? 300 : 20, seed: 7 },
    );
  });

  it('words in any order', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (words) => {
        survives('a.arch', { 'a.arch': words.join(' ') });
        survives('a.arch', { 'a.arch': `model M(n: int = 1) {\n${words.join(' ')}\n}` });
      }),
      { numRuns: 100, seed: 7 },
    );
  });

  it('any characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        survives('a.arch', { 'a.arch': text });
      }),
      { numRuns: 100, seed: 7 },
    );
  });

  it('any --set', () => {
    const loaded = loadSpec('swin-umamba.arch', memoryFiles(small));
    const name = fc.constantFrom(
      'dims',
      'depths',
      'size',
      'classes',
      'decoder',
      'train.lr',
      'train.loss',
      'd_state',
      'x',
    );
    const value = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 8 }).map((p) => p.join(' ')),
    );
    fc.assert(
      fc.property(name, value, (key, text) => {
        const { model, diagnostics } = elaborate(loaded, undefined, { [key]: text }, 1, ops, {
          training: false,
        });
        expect(model === undefined).toBe(diagnostics.length > 0);
        for (const d of diagnostics) renderDiagnostic(d, loaded.sources, { color: false });
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('hundreds of mistakes', () => {
    const lines = Array.from({ length: 300 }, (_, i) => `    y${i} = nothing${i}(x)`);
    const text = `model M() {\n  input x: [B, 1]\n  forward {\n${lines.join('\n')}\n  }\n  output o: [B, 1] = x\n}`;
    expect(survives('a.arch', { 'a.arch': text })).toBe(300);
  });

  it('five mistakes are five errors', () => {
    const text = `model M(n: int = 2.5) {
  input x: [B, 4]
  a = Thing()
  forward {
    y = relu(x, 3)
    z = x + +
    w = softmax(x)   |> sofplus
  }
  output o: [B, 5] = x
}`;
    const loaded = loadSpec('a.arch', memoryFiles({ 'a.arch': text }));
    expect(check(loaded, ops).map((d) => `${d.span.line} ${d.code}`)).toEqual([
      '1 not-an-integer',
      '3 unknown-name',
      '5 too-many-arguments',
      '6 unexpected-token',
      '7 unknown-name',
      '9 result-mismatch',
    ]);
  });
});
