import { InputError, JobError } from '../errors.ts';

/** An error as it goes from thread to thread. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code?: string;
  readonly hint?: string;
}

export function asFailure(error: unknown): Failure {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const plain = { name, message, stack };
  if (!(error instanceof InputError || error instanceof JobError)) return plain;
  return { ...plain, code: error.code, hint: error.hint };
}

/** The error again, of the class that it was. */
export function failureOf({ name, message, stack, code = '', hint }: Failure): Error {
  if (name === 'InputError') return new InputError(code, message, hint);
  if (name === 'JobError') return new JobError(code, message, hint);
  const error = new Error(message);
  error.stack = stack;
  return error;
}
