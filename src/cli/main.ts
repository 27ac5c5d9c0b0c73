import { Command, CommanderError } from 'commander';
import pc from 'picocolors';
import { SpecError } from '../compiler/model.ts';
import { JobError } from '../errors.ts';
import { renderDiagnostic } from '../language/render.ts';
import { PlanError } from '../plan/plan.ts';
import { RuntimeError } from '../runtime/session.ts';
import * as check from './commands/check.ts';
import * as compile from './commands/compile.ts';
import * as doctor from './commands/doctor.ts';
import * as emit from './commands/emit.ts';
import * as evaluate from './commands/evaluate.ts';
import * as fit from './commands/fit.ts';
import * as grad from './commands/grad.ts';
import * as params from './commands/params.ts';
import * as predict from './commands/predict.ts';
import * as run from './commands/run.ts';
import * as train from './commands/train.ts';
import { formatError, isReported, note, printJson } from './terminal.ts';

const commands = [check, params, run, grad, fit, train, predict, evaluate, compile, emit, doctor];

/** Runs the command line. Resolves to the exit code: 0 fine, 1 a job failed, 2 the input was wrong. */
export async function main(args: readonly string[]): Promise<number> {
  const program = new Command('archc')
    .description('a declarative language for neural network architectures, compiled to WebGPU')
    .version('0.1.0')
    .showHelpAfterError('(archc --help lists the commands)');
  for (const { register } of commands) register(program);
  exitByException(program);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    return report(error, args.includes('--json'));
  }
}

/** Commander must not end the process by itself, in any command. */
function exitByException(command: Command): void {
  command.exitOverride();
  for (const c of command.commands) exitByException(c);
}

function report(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof SpecError) {
    if (json) printJson({ ok: false, diagnostics: error.diagnostics });
    for (const d of error.diagnostics)
      note(`${renderDiagnostic(d, error.program.sources, { color: pc.isColorSupported })}\n`);
    const n = error.diagnostics.length;
    note(pc.red(`${n} ${n === 1 ? 'error' : 'errors'}`));
    return 2;
  }
  const known =
    error instanceof PlanError || error instanceof RuntimeError
      ? new JobError(
          'adapter-limits',
          error.message,
          'a smaller batch or image, or another adapter (archc doctor)',
        )
      : error;
  if (isReported(known)) {
    if (json) printJson({ ok: false, error: { code: known.code, message: known.message, hint: known.hint } });
    note(formatError(known));
    return known instanceof JobError ? 1 : 2;
  }
  const { message, stack } = known instanceof Error ? known : new Error(String(known));
  note(pc.red(`internal error: ${message}`));
  note(process.env['ARCHC_DEBUG'] ? (stack ?? '') : 'this is a bug in archc; ARCHC_DEBUG=1 shows where');
  return 1;
}
