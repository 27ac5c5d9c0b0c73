/** A graph can't be planned within the limits. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
  readonly code: 'adapter-limits' | 'size-too-large' | 'memory-budget';
  /** What to try, as a phrase. */
  readonly hint: string;
  /** The entry that does not fit, where it is one alone. */
  readonly entry: string | undefined;

  constructor(code: PlanError['code'], message: string, hint: string, entry?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.entry = entry;
  }
}

/** Gives what is thrown in planning an entry its name. */
export function ofEntry<T>(entry: string, plan: () => T): T {
  try {
    return plan();
  } catch (error) {
    if (!(error instanceof PlanError) || error.entry !== undefined) throw error;
    throw new PlanError(error.code, error.message, error.hint, entry);
  }
}

export const SMALLER = 'a smaller batch or image, or another adapter (archc doctor)';
