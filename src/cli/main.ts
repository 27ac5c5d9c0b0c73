import { Command } from 'commander';
import * as check from './commands/check.ts';
import * as compile from './commands/compile.ts';
import * as doctor from './commands/doctor.ts';
import * as emit from './commands/emit.ts';
import * as evaluate from './commands/evaluate.ts';
import * as explain from './commands/explain.ts';
import * as fit from './commands/fit.ts';
import * as grad from './commands/grad.ts';
import * as params from './commands/params.ts';
import * as predict from './commands/predict.ts';
import * as run from './commands/run.ts';
import * as train from './commands/train.ts';
import { report } from './report.ts';

const commands = [check, explain, params, run, grad, fit, train, predict, evaluate, compile, emit, doctor];

/**
 * Runs the command line. Resolves to the exit code: 0 fine, 1 a job failed, 2 the input was wrong, 130 Ctrl-C
 * stopped a job. Nothing is thrown.
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    await commandLine().parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    return report(error, args);
  }
}

/** All commands. They take on what is set here, so it comes before them. */
export function commandLine(): Command {
  const program = new Command('archc')
    .description('a declarative language for neural network architectures, compiled to WebGPU')
    .version('0.1.0')
    // Commander neither ends the process nor prints errors by itself: `report` does.
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  for (const { register } of commands) register(program);
  return program;
}
