/** What is wrong with one file or case of a data set. */
export interface Problem {
  /** What problems are grouped by. */
  readonly kind: string;
  readonly severity: 'error' | 'warning';
  /** The path that it is about. */
  readonly file: string;
  readonly found: string;
  /** What to do about it. */
  readonly hint: string;
}
