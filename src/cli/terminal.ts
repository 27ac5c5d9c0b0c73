import pc from 'picocolors';
import { InputError, JobError } from '../errors.ts';

/** One JSON document, the whole of stdout under `--json`. */
export function printJson(document: unknown): void {
  process.stdout.write(jsonText(document));
}

export function jsonText(document: unknown): string {
  return `${JSON.stringify(document, null, 1)}\n`;
}

export function printLine(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** Progress and remarks go to stderr, so that stdout can be piped. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** `error[code]: message` and what to try. */
export function formatError(error: InputError | JobError): string {
  const head = `${pc.red(pc.bold(`error[${error.code}]`))}${pc.bold(`: ${error.message}`)}`;
  return error.hint ? `${head}\n  ${pc.cyan('=')} try: ${error.hint}` : head;
}

export function isReported(error: unknown): error is InputError | JobError {
  return error instanceof InputError || error instanceof JobError;
}

export function formatCount(n: number): string {
  return n.toLocaleString('en-US');
}

/** 12 499 353 600 → `12.50 G` */
export function formatSi(n: number): string {
  for (const [unit, scale] of [
    ['T', 1e12],
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (n >= scale) return `${(n / scale).toFixed(2)} ${unit}`;
  }
  return String(n);
}

/** Share of a whole: `12.5 %`; `–` of nothing. */
export function formatShare(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
}
