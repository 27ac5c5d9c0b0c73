/** For tests of diagnostics. */
import { expect, it } from 'vitest';
import { ops } from '../../ops/index.ts';
import { check, type Diagnostic, elaborate, loadSpec } from '../index.ts';
import { memoryFiles } from '../memory-files.ts';
import type { RawOverrides } from '../model-parameters.ts';
import { renderDiagnostic } from '../render.ts';

/** A spec with one mistake. `⟦` marks where the diagnostic must point; it is no part of the text. */
export interface MistakeCase {
  readonly code: string;
  readonly title?: string;
  readonly text: string;
  /** Other files by path; the spec itself is `spec.arch`. */
  readonly files?: Readonly<Record<string, string>>;
  /** With these, the model is elaborated, else the spec is checked. */
  readonly set?: RawOverrides;
  readonly model?: string;
}

interface Marked {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** The text without its mark, and where that was. */
export function unmark(marked: string): Marked {
  const at = marked.indexOf('⟦');
  const before = marked.slice(0, Math.max(0, at));
  return {
    text: marked.replace('⟦', ''),
    line: before.split('\n').length,
    column: before.length - before.lastIndexOf('\n'),
  };
}

/** A model around declarations; its first line is the input, so that `body` begins on line 3. */
export const model = (body: string, params = ''): string =>
  `model M(${params}) {\n  input x: [B, 4, 8, 8]\n${body}\n}\n`;

/** A model whose `forward` and output are `statements`; the last binds `y`, of the input's shape. */
export const forward = (statements: string): string =>
  model(`  forward {\n${statements}\n  }\n  output out: [B, 4, 8, 8] = y`);

/** A model that is complete, with a train section. */
export const train = (settings: string): string => `${forward('    y = x')}train T for M {\n${settings}\n}\n`;

export function diagnose(c: MistakeCase): {
  diagnostics: Diagnostic[];
  sources: ReadonlyMap<string, string>;
} {
  const files = Object.entries({ 'spec.arch': c.text, ...c.files }).map(([file, text]) => [
    file,
    unmark(text).text,
  ]);
  const loaded = loadSpec('spec.arch', memoryFiles(Object.fromEntries(files)));
  const diagnostics =
    c.set || c.model
      ? elaborate(loaded, c.model, c.set ?? {}, 2, ops, { training: true }).diagnostics
      : check(loaded, ops);
  return { diagnostics, sources: loaded.sources };
}

/** Each mistake gives one diagnostic, of its code and at its place; all codes of `table` have a case. */
export function testMistakes(table: Readonly<Record<string, unknown>>, cases: readonly MistakeCase[]): void {
  it.each(cases.map((c) => [c.title ? `${c.code}: ${c.title}` : c.code, c] as const))('%s', (_, c) => {
    const { diagnostics, sources } = diagnose(c);
    const [file, marked] = Object.entries(c.files ?? {}).find(([, text]) => text.includes('⟦')) ?? [
      'spec.arch',
      c.text,
    ];
    const { line, column } = unmark(marked);
    const places = diagnostics.map(
      (d) =>
        `${d.code} ${c.set && d.span.file.startsWith('--set') ? 'spec.arch' : d.span.file} ${d.span.line}:${d.span.column}`,
    );
    expect(places).toEqual([`${c.code} ${file} ${line}:${column}`]);
    const [d] = diagnostics;
    expect(d.message).not.toMatch(/^\s*$|\{\w|undefined|\[object/);
    expect(d.hint).not.toMatch(/^\s*$|\{\w+\}|undefined/);
    expect(renderDiagnostic(d, sources, { color: false })).toContain(
      `${d.severity}[${c.code}]: ${d.message}`,
    );
  });

  it('has a case for each code', () => {
    expect(Object.keys(table).filter((code) => !cases.some((c) => c.code === code))).toEqual([]);
  });
}
