/** A graph can't be planned within the limits. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
  readonly code: 'adapter-limits' | 'size-too-large';
  /** What to try, as a phrase. */
  readonly hint: string;

  constructor(code: PlanError['code'], message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
