import { describe, expect, it } from 'vitest';
import { type Diagnostic, makeDiagnostic } from './diagnostics/index.ts';
import { renderDiagnostic } from './render.ts';

const span = (line: number, column: number, length: number, file = 'a.arch') => ({
  file,
  start: 1000 * line + column,
  end: 1000 * line + column + length,
  line,
  column,
});
const show = (d: Diagnostic, sources: Record<string, string>) =>
  renderDiagnostic(d, new Map(Object.entries(sources)), { color: false });

describe('diagnostics as text', () => {
  it('tabs and wide characters keep the underline below what it is about', () => {
    const d = makeDiagnostic('unknown-name', span(1, 10, 3), { name: 'abc' });
    const rows = show(d, { 'a.arch': '\tx = "日" abc' }).split('\n');
    expect(rows.slice(0, 3)).toEqual([
      'error[unknown-name]: `abc` is not defined',
      '  ┌─ a.arch:1:10',
      '1 │     x = "日" abc',
    ]);
    // Up to the mark the source takes 4 (tab) + 4 (`x = `) + 5 (`"日" `, of which one is 2 wide) columns.
    expect(rows[3].indexOf('^^^') - '  │ '.length).toBe(13);
  });

  it('labels on other lines and in other files have lines of their own', () => {
    const d = makeDiagnostic(
      'unknown-name',
      span(12, 1, 1),
      { name: 'x' },
      {
        labels: [
          { span: span(9, 1, 2), text: 'here' },
          { span: span(1, 1, 4, 'b.arch'), text: 'and there' },
        ],
        notes: ['a note'],
      },
    );
    const source = `${'\n'.repeat(8)}ab\n\n\nx\n`;
    expect(show(d, { 'a.arch': source, 'b.arch': 'text' })).toBe(`error[unknown-name]: \`x\` is not defined
   ┌─ a.arch:12:1
 9 │ ab
   │ -- here
12 │ x
   │ ^
   ┌─ b.arch:1:1
 1 │ text
   │ ---- and there
   = a note
   = try: declare it before it is used, or import it`);
  });

  it('a line of a megabyte is cut around the place', () => {
    const d = makeDiagnostic('unknown-name', span(1, 500_000, 3), { name: 'abc' });
    const text = show(d, { 'a.arch': `${'y'.repeat(499_999)}abc${'z'.repeat(500_000)}` });
    expect(text.length).toBeLessThan(700);
    expect(text).toContain('abc');
    const [, , source, underline] = text.split('\n');
    expect(source.indexOf('abc')).toBe(underline.indexOf('^^^'));
  });

  it('places without a source are shown by their position', () => {
    const d = makeDiagnostic('file-not-found', span(1, 1, 0, 'gone.arch'), { file: 'gone.arch' });
    expect(show(d, {}).split('\n')[1]).toBe('  ┌─ gone.arch:1:1');
  });

  it('colours only where asked for', () => {
    const d = makeDiagnostic('unknown-name', span(1, 1, 1), { name: 'x' });
    const sources = new Map([['a.arch', 'x']]);
    expect(renderDiagnostic(d, sources, { color: true })).toContain('\u001b[');
    expect(renderDiagnostic(d, sources, { color: false })).not.toContain('\u001b[');
  });
});
