import { createColors } from 'picocolors';
import type { Span } from '../../grammar/span.ts';
import { showLine } from './columns.ts';
import type { Diagnostic } from './diagnostics/index.ts';

/** Longer lines are cut around what is pointed at. */
const MAX_WIDTH = 160;

interface Mark {
  readonly span: Span;
  readonly text: string;
  readonly primary: boolean;
}

/**
 * A diagnostic as text: the message, the lines that it points at with their labels, notes, and what to try.
 * `sources` holds the text of each file.
 */
export function renderDiagnostic(
  d: Diagnostic,
  sources: ReadonlyMap<string, string>,
  { color }: { readonly color: boolean },
): string {
  const paint = createColors(color);
  const tint = d.severity === 'error' ? paint.red : paint.yellow;
  const own = d.labels.find(
    (l) => l.span.start === d.span.start && l.span.end === d.span.end && l.span.file === d.span.file,
  );
  const marks: Mark[] = [
    { span: d.span, text: own?.text ?? '', primary: true },
    ...d.labels.filter((l) => l !== own).map((l) => ({ ...l, primary: false })),
  ];
  const gutter = Math.max(...marks.map((m) => String(m.span.line).length));
  const lines = [`${tint(paint.bold(`${d.severity}[${d.code}]`))}${paint.bold(`: ${d.message}`)}`];
  const files = [...new Set(marks.map((m) => m.span.file))];
  for (const file of files) {
    const here = marks.filter((m) => m.span.file === file);
    const { line, column } = here[0].span;
    lines.push(`${' '.repeat(gutter)} ${paint.blue('┌─')} ${file}:${line}:${column}`);
    const text = sources.get(file)?.split(/\r\n|\r|\n/);
    for (const number of [...new Set(here.map((m) => m.span.line))].sort((a, b) => a - b)) {
      const source = text?.[number - 1];
      if (source === undefined) continue;
      const onLine = here.filter((m) => m.span.line === number);
      for (const [i, row] of snippet(source, onLine, (mark, s) =>
        mark.primary ? tint(s) : paint.blue(s),
      ).entries()) {
        const head = i === 0 ? String(number).padStart(gutter) : ' '.repeat(gutter);
        lines.push(`${paint.blue(`${head} │`)} ${row}`.trimEnd());
      }
    }
  }
  for (const note of d.notes) lines.push(`${' '.repeat(gutter)} ${paint.blue('=')} ${note}`);
  lines.push(`${' '.repeat(gutter)} ${paint.blue('=')} ${paint.bold('try:')} ${d.hint}`);
  return lines.join('\n');
}

/** The source line, a line of underlines that ends with the last label, and one line for each other label. */
function snippet(
  source: string,
  marks: readonly Mark[],
  paint: (mark: Mark, text: string) => string,
): string[] {
  const shown = showLine(source);
  const placed = marks
    .map((mark) => {
      const from = Math.min(mark.span.column - 1, source.length);
      // A span that goes on in later lines is underlined to the end of its first.
      const to = Math.min(
        from + Math.max(1, mark.span.end - mark.span.start),
        Math.max(source.length, from + 1),
      );
      const start = shown.columns[from];
      const end = to < shown.columns.length ? shown.columns[to] : start + 1;
      return { mark, start, end: Math.max(end, start + 1) };
    })
    .sort((a, b) => a.start - b.start || b.end - a.end);
  const primary = placed.find((p) => p.mark.primary) ?? placed[0];
  const { text, shift } = cropped(shown.text, primary.start);
  const width = text === shown.text ? (shown.columns.at(-1) ?? 0) : [...text].length;
  const visible = placed
    .map((p) => ({
      ...p,
      start: Math.max(0, p.start - shift),
      end: Math.min(p.end - shift, Math.max(width, p.start - shift + 1)),
    }))
    .filter((p) => p.start <= width + 1 && p.end > 0);

  const owners: (Mark | undefined)[] = [];
  // Wide marks first, so that the narrow ones inside them stay visible.
  for (const p of [...visible].sort((a, b) => b.end - b.start - (a.end - a.start))) {
    for (let i = p.start; i < p.end; i++) owners[i] = p.mark;
  }
  const labelled = visible.filter((p) => p.mark.text !== '');
  const last = labelled[labelled.length - 1];
  let underline = '';
  for (let i = 0; i < owners.length; i++) {
    const mark = owners[i];
    underline += mark ? paint(mark, mark.primary ? '^' : '-') : ' ';
  }
  const rows = [text, last ? `${underline} ${paint(last.mark, last.mark.text)}` : underline];
  for (const p of labelled.slice(0, -1).reverse()) {
    rows.push(`${' '.repeat(p.start)}${paint(p.mark, p.mark.text)}`);
  }
  return rows;
}

function cropped(text: string, around: number): { text: string; shift: number } {
  const characters = [...text];
  if (characters.length <= MAX_WIDTH) return { text, shift: 0 };
  const shift = Math.max(0, around - Math.floor(MAX_WIDTH / 2));
  return { text: characters.slice(shift, shift + MAX_WIDTH).join(''), shift };
}
