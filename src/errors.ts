/** Something the user gave is wrong: a file, a flag, a shape, a checkpoint. The command ends with exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
  /** Short kebab-case code, e.g. `bad-safetensors`. */
  readonly code: string;
  /** What to try, as a phrase; shown after `= try:`. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** The input was fine, but the job failed (a NaN loss, no memory on the device). Exit code 1. */
export class JobError extends Error {
  override readonly name = 'JobError';
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
