import { InputError } from '../errors.ts';
import type { Checkpoint, RunChoices } from './checkpoint.ts';
import { identityDifferences, type RunIdentity } from './identity.ts';

/** Differences shown in one message; another network has hundreds. */
const SHOWN = 20;

/** The choices that stand when a run goes on: those given now, else those that it began with. */
export function choicesNow(given: RunChoices, before: RunChoices | undefined): RunChoices {
  return {
    seed: given.seed ?? before?.seed,
    steps: given.steps ?? before?.steps,
    pretrained: given.pretrained || (before?.pretrained ?? false),
  };
}

/**
 * Refuses to go on with a run as another.
 *
 * @throws InputError `checkpoint-mismatch` that lists all differences
 */
export function requireSameRun({ path, identity }: Checkpoint, ours: RunIdentity): void {
  const differences = identityDifferences(identity, ours);
  if (differences.length === 0) return;
  const lines = differences.slice(0, SHOWN).map((line) => `\n  ${line}`);
  const more = differences.length > SHOWN ? `\n  … and ${differences.length - SHOWN} more` : '';
  throw new InputError(
    'checkpoint-mismatch',
    `${path} belongs to a run with other settings or data (the run's → those asked for):${lines.join('')}${more}`,
    'go on with those of the run, or start a new one without --resume',
  );
}

/**
 * How many steps a run that goes on is planned for.
 *
 * @param given `--steps`
 * @param asked by `--steps` now or then, else by the section
 * @throws InputError `checkpoint-mismatch` where more are done already
 */
export function stepsToPlan(
  { path, step, steps, identity }: Checkpoint,
  given: number | undefined,
  asked: number,
): number {
  const planned = given ?? (asked === identity.train['steps'] ? steps : asked);
  if (planned >= step) return planned;
  throw new InputError(
    'checkpoint-mismatch',
    `${path} has done ${step} steps, asked for are ${planned}`,
    `--steps ${step} or more, or a new run without --resume`,
  );
}
