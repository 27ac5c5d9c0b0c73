import { Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { adapterVariable } from '../adapter/choice.ts';
import { mayHaveGpu } from '../adapter/gpu-devices.ts';
import { report } from './report.ts';

/** A command's module: its options and what it does. */
type CommandModule = { readonly register: (program: Command) => void };

/** The commands in the order of `--help`. Each is loaded when it is named: most of a short command's time is loading. */
const commands: Readonly<Record<string, () => Promise<CommandModule>>> = {
  check: () => import('./commands/check.ts'),
  explain: () => import('./commands/explain.ts'),
  params: () => import('./commands/params.ts'),
  run: () => import('./commands/run.ts'),
  grad: () => import('./commands/grad.ts'),
  fit: () => import('./commands/fit.ts'),
  train: () => import('./commands/train.ts'),
  predict: () => import('./commands/predict.ts'),
  evaluate: () => import('./commands/evaluate.ts'),
  data: () => import('./commands/data.ts'),
  compile: () => import('./commands/compile.ts'),
  emit: () => import('./commands/emit.ts'),
  doctor: () => import('./commands/doctor.ts'),
};

const deviceCommands = new Set(['run', 'grad', 'fit', 'train', 'predict', 'doctor']);

/**
 * Runs the command line. Resolves to the exit code: 0 fine, 1 a job failed, 2 the input was wrong, 130 Ctrl-C
 * stopped a job. Nothing is thrown.
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const program = await commandLine(needed(args));
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    return report(error, args);
  }
}

/** The command line with these commands. They take on what is set here, so it comes before them. */
export async function commandLine(names: readonly string[] = Object.keys(commands)): Promise<Command> {
  const program = new Command('archc')
    .description('a declarative language for neural network architectures, compiled to WebGPU')
    .version(packageJson.version)
    // Commander neither ends the process nor prints errors by itself: `report` does.
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  for (const name of names) (await commands[name]()).register(program);
  return program;
}

/** Whether a command line makes a process that loads Dawn and drivers, with their own messages. */
export function opensDevice(args: readonly string[]): boolean {
  if (!deviceCommands.has(args[0]) || args.includes('--help') || args.includes('-h')) return false;
  // Says of each adapter whether it is there.
  if (args[0] === 'doctor') return true;
  const backend = lastGiven(args, '--backend') ?? 'auto';
  if (backend !== 'auto') return backend === 'webgpu';
  const adapter = (lastGiven(args, '--adapter') ?? process.env[adapterVariable]) || 'auto';
  return adapter === 'auto' ? mayHaveGpu() : adapter !== 'cpu';
}

/** The last value of an option; what is wrong with options is said when they are read. */
function lastGiven(args: readonly string[], option: string): string | undefined {
  const at = args.findLastIndex((arg) => arg === option || arg.startsWith(`${option}=`));
  if (at < 0) return undefined;
  return args[at] === option ? args[at + 1] : args[at].slice(option.length + 1);
}

/** The command that `args` name; none for the version alone; else all, for the help and to name the nearest. */
function needed(args: readonly string[]): string[] | undefined {
  const first = args[0] === 'help' ? args[1] : args[0];
  if (first === '--version' || first === '-V') return [];
  return first !== undefined && Object.hasOwn(commands, first) ? [first] : undefined;
}
