import Table from 'cli-table3';

/** A table as texts, for terminals and Markdown. Its first column is a name, the others are numbers. */
export interface TextTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Lines below it. */
  readonly notes: readonly string[];
}

/** For a terminal, without colours. */
export function terminalTable({ title, head, rows, notes }: TextTable): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')),
    style: { head: [], border: [] },
  });
  for (const row of rows) table.push([...row]);
  return [title, table.toString(), ...notes].join('\n');
}

/** A heading, the table and its notes as GitHub's Markdown, with an empty line after each. */
export function markdownTable({ title, head, rows, notes }: TextTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'));
  const lines = [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)];
  const parts = [`## ${escaped(title)}`, lines.join('\n'), ...notes.map(escaped)];
  return parts.map((part) => `${part}\n\n`).join('');
}

/** Names of cases and labels are taken as they are written. */
function escaped(text: string): string {
  return text.replace(/[\\|*_`<>[\]]/g, '\\$&').replace(/\s*\n\s*/g, ' ');
}
