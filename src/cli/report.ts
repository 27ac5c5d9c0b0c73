import { CommanderError } from 'commander';
import pc from 'picocolors';
import { SpecError } from '../compiler/spec-error.ts';
import { InputError, JobError } from '../errors.ts';
import { PlanError } from '../plan/plan-error.ts';
import { RuntimeError } from '../runtime/runtime-error.ts';
import { showDiagnostics } from './show-diagnostics.ts';
import { formatError, isReported, note, printJson } from './terminal.ts';

/** Exit code of a job that Ctrl-C stopped, as shells report it. */
export const INTERRUPTED = 130;

/** Thrown by a command that has said everything, to end with another exit code than 0. */
export class ExitStatus extends Error {
  override readonly name = 'ExitStatus';
  readonly code: number;

  constructor(code: number) {
    super(`exit code ${code}`);
    this.code = code;
  }
}

/**
 * Tells the user what ended a command: as text on stderr, and with `--json` as the one document on stdout.
 * Gives the exit code: 1 a job failed, 2 the input was wrong.
 */
export function report(error: unknown, args: readonly string[]): number {
  if (error instanceof ExitStatus) return error.code;
  // Help and version end commander's parsing by an exception, too; they are printed already.
  if (error instanceof CommanderError && (error.exitCode === 0 || error.code === 'commander.help'))
    return error.exitCode === 0 ? 0 : 2;
  const json = args.includes('--json');
  if (error instanceof SpecError) {
    return reportSpec(error, json);
  }
  const known = translate(error, args);
  if (isReported(known)) {
    if (json) printJson({ ok: false, error: { code: known.code, message: known.message, hint: known.hint } });
    note(formatError(known));
    return known instanceof JobError ? 1 : 2;
  }
  const { message, stack } = known instanceof Error ? known : new Error(String(known));
  if (json) printJson({ ok: false, error: { code: 'internal', message } });
  note(pc.red(`internal error: ${message}`));
  note(process.env['ARCHC_DEBUG'] ? (stack ?? '') : 'this is a bug in archc; ARCHC_DEBUG=1 shows where');
  return 1;
}

/** The mistakes of a spec; where it has none, its warnings were denied. */
function reportSpec({ diagnostics, loaded }: SpecError, json: boolean): number {
  const errors = diagnostics.filter((d) => d.severity === 'error');
  const warnings = diagnostics.filter((d) => d.severity === 'warning');
  const denied =
    errors.length > 0
      ? undefined
      : new InputError(
          'warnings-denied',
          `${warnings.length === 1 ? 'a warning counts' : `${warnings.length} warnings count`} as a mistake: --deny warnings`,
          'mend what they point at, or leave out --deny warnings',
        );
  if (json) {
    const error = denied && { code: denied.code, message: denied.message, hint: denied.hint };
    printJson({ ok: false, ...(error && { error }), diagnostics: errors, warnings });
  }
  showDiagnostics(diagnostics, loaded);
  if (denied) note(formatError(denied));
  return 2;
}

function translate(error: unknown, args: readonly string[]): unknown {
  if (error instanceof CommanderError) return usageError(error, args);
  if (error instanceof PlanError && error.code === 'memory-budget')
    return new InputError('memory-budget', error.message, error.hint);
  if (error instanceof PlanError || error instanceof RuntimeError)
    return new JobError(error.code, error.message, error.hint);
  return error;
}

/** Codes that say more than commander's own, which are used for the rest. */
const usageCodes: Readonly<Record<string, string>> = {
  missingMandatoryOptionValue: 'missing-option',
  optionMissingArgument: 'missing-value',
  invalidArgument: 'bad-value',
};

/** The code of what commander refuses, in archc's form. */
export function usageCode({ code }: CommanderError): string {
  const own = code.replace(/^commander\./, '');
  return usageCodes[own] ?? own.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
}

/** What commander says about the command line, in archc's form. */
function usageError(error: CommanderError, args: readonly string[]): InputError {
  const text = error.message.replace(/^error: /, '');
  const near = /\n\(Did you mean (.*)\?\)$/.exec(text);
  const command = args.find((arg) => !arg.startsWith('-'));
  // Of a group such as `data`, the command in it.
  const inner = command === 'data' ? args.slice(1, 2) : [];
  const help =
    error.code === 'commander.unknownCommand' || command === undefined
      ? 'archc --help'
      : `archc ${[command, ...inner].join(' ')} --help`;
  return new InputError(usageCode(error), near ? text.slice(0, near.index) : text, near ? near[1] : help);
}
