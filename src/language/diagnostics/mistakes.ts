import { expect, it } from 'vitest';
import { renderDiagnostic } from '../render.ts';
import { diagnose, type MistakeCase, unmark } from './testing.ts';

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
