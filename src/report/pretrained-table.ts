import Table from 'cli-table3';

/** One tensor or parameter, as far as the table shows it. */
export interface PretrainedTableRow {
  /** `` where a tensor of the file belongs to no parameter. */
  readonly parameter: string;
  /** `` where a parameter gets no tensor. */
  readonly from: string;
  readonly status: string;
}

/** Columns, in order; one without entries is left out, but for the first. */
const columns = ['loaded', 'alias', 'skipped', 'new', 'shape', 'missing', 'unexpected', 'mismatch'];
const titles: Readonly<Record<string, string>> = {
  alias: 'same values',
  new: 'new',
  shape: 'new (shape differs)',
  mismatch: 'does not agree',
};

/**
 * What became of a pretrained file's tensors, as counts by module, without colours: names are grouped by their
 * first parts, up to two, the parameter's where there is one, else the file's (in parentheses).
 */
export function pretrainedTable(rows: readonly PretrainedTableRow[]): string {
  const groups = new Map<string, Map<string, number>>();
  const totals = new Map<string, number>();
  for (const { parameter, from, status } of rows) {
    const group = parameter === '' ? `(${moduleOf(from)})` : moduleOf(parameter);
    const counts = groups.get(group) ?? new Map<string, number>();
    groups.set(group, counts);
    for (const c of [counts, totals]) c.set(status, (c.get(status) ?? 0) + 1);
  }
  const shown = columns.filter((status, i) => i === 0 || totals.has(status));
  const table = new Table({
    head: ['module', ...shown.map((status) => titles[status] ?? status)],
    colAligns: ['left', ...shown.map(() => 'right' as const)],
    style: { head: [], border: [], compact: true },
  });
  const line = (name: string, counts: ReadonlyMap<string, number>) =>
    table.push([name, ...shown.map((status) => counts.get(status) ?? '')]);
  for (const [group, counts] of groups) line(group, counts);
  line('tensors', totals);
  return table.toString();
}

/** The module whose name has at most two parts. */
function moduleOf(name: string): string {
  const parts = name.split('.');
  return parts.slice(0, Math.max(1, Math.min(2, parts.length - 1))).join('.');
}
