import { type Command, InvalidArgumentError } from 'commander';
import type { PlanFor } from '../compiler/portable.ts';
import type { Target } from '../ir/target.ts';
import { namedTarget, portableTarget, targets } from '../kernels/targets.ts';

export interface TargetOptions {
  readonly target?: string;
  /** Variant by op. */
  readonly kernel: ReadonlyMap<string, string>;
  readonly verify?: boolean;
}

/** `--target`, `--kernel op=variant` (repeatable), and `--verify`, which `npm test` does without being asked. */
export function withTarget(command: Command): Command {
  return command
    .option(
      '--target <name>',
      `what to compile for: ${targets.map((t) => t.name).join(', ')} (default: ${portableTarget.name})`,
    )
    .option('--kernel <op=variant>', 'compute an op by this kernel where it can be', collectKernel, new Map())
    .option('--verify', 'check the graph after each pass of the compiler');
}

/** @throws InputError `unknown-target` */
export function planFor({ target, kernel, verify }: TargetOptions): PlanFor & { readonly target: Target } {
  return { target: target === undefined ? portableTarget : namedTarget(target), kernels: kernel, verify };
}

function collectKernel(text: string, before: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const [op, variant, ...rest] = text.split('=');
  if (!op || !variant || rest.length > 0) {
    throw new InvalidArgumentError(`'${text}' is not op=variant; archc emit plan --why lists them`);
  }
  return new Map([...before, [op, variant]]);
}
