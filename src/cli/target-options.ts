import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CompileFor } from '../compiler/compile.ts';
import type { PlanFor } from '../compiler/portable.ts';
import { InputError } from '../errors.ts';
import type { Precision } from '../ir/storage.ts';
import type { Target } from '../ir/target.ts';
import { namedTarget, portableTarget, targets } from '../kernels/targets.ts';
import { withMemory } from './device-options.ts';

export interface TargetOptions {
  readonly target?: string;
  /** Variant by op. */
  readonly kernel: ReadonlyMap<string, string>;
  readonly precision: Precision;
  readonly verify?: boolean;
  readonly memory?: number;
}

/**
 * `--target`, `--precision`, `--memory`, `--verify` and `--kernel op=variant` (repeatable).
 *
 * @param several what is said of more than one target, where they are taken
 */
export function withTarget(command: Command, several = ''): Command {
  return withVerify(withMemory(withPrecision(command)))
    .option(
      '--target <name>',
      `what to compile for: ${targets.map((t) => t.name).join(', ')} (default: ${portableTarget.name})${several}`,
    )
    .option(
      '--kernel <op=variant>',
      'compute an op by this kernel where it can be',
      collectKernel,
      new Map(),
    );
}

/** `--verify`, which `npm test` does without being asked. */
export function withVerify(command: Command): Command {
  return command.option(
    '--verify',
    'check the graph after each pass of the compiler, and what every dispatch of the plan finds in memory',
  );
}

/** `--precision`. */
export function withPrecision(command: Command): Command {
  return command.addOption(
    new Option(
      '--precision <type>',
      'what memory keeps computed values in, to predict: f16 halves it, where the device has shader-f16',
    )
      .choices(['f32', 'f16'] satisfies Precision[])
      .default('f32'),
  );
}

/**
 * `--target` with one or two names.
 *
 * @throws InputError `unknown-target`, `conflicting-option`
 */
export function compileFor(options: TargetOptions): CompileFor {
  const [first, second, ...more] = options.target?.split(',') ?? [];
  if (more.length > 0)
    throw new InputError('conflicting-option', 'two targets are the CPU device and one of WebGPU');
  const plan = planFor({ ...options, target: first });
  return second === undefined ? plan : { ...plan, secondTarget: namedTarget(second) };
}

/** @throws InputError `unknown-target` */
export function planFor(options: TargetOptions): PlanFor & { readonly target: Target } {
  const { target, kernel, precision, verify, memory } = options;
  return {
    target: target === undefined ? portableTarget : namedTarget(target),
    kernels: kernel,
    precision,
    verify,
    memory,
  };
}

function collectKernel(text: string, before: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const [op, variant, ...rest] = text.split('=');
  if (!op || !variant || rest.length > 0) {
    throw new InvalidArgumentError(`'${text}' is not op=variant; archc emit plan --why lists them`);
  }
  return new Map([...before, [op, variant]]);
}
