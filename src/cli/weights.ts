import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { openSpec, splitSpec } from '../files/open.ts';
import { openSpecCopy } from '../files/spec-copy.ts';
import { modelNames } from '../language/index.ts';
import { readMadeFor } from '../training/made-for.ts';
import type { Overrides } from './options.ts';
import { note } from './terminal.ts';

/** What a command opens: a spec, and parameters for it. */
export interface Chosen {
  readonly spec: string;
  readonly set: Overrides;
}

/**
 * A spec as the weights that are to run in it ask: of several models that which they are of, where none is named, and
 * their parameters. What `--set` says stands above them; `readWeights` refuses what contradicts.
 *
 * @throws InputError as readMadeFor
 */
export function chosenBy(weights: string | undefined, { spec, set }: Chosen): Chosen {
  // That there is no such file is said when it is read, after what is wrong with the spec.
  const madeFor = weights === undefined || !existsSync(weights) ? undefined : readMadeFor(weights);
  if (!madeFor) return { spec, set };
  const named = splitSpec(spec).model;
  const { loaded } = openSpec(spec);
  const models = named === undefined ? modelNames(loaded) : [named];
  if (!models.includes(madeFor.name)) {
    note(`${weights} says that it is of ${madeFor.name}; its parameters are not taken over`);
    return { spec, set };
  }
  const several = named === undefined && models.length > 1;
  return { spec: several ? `${spec}:${madeFor.name}` : spec, set: { ...madeFor.set, ...set } };
}

/** Which weights a command runs. */
export interface WeightsOptions {
  readonly weights?: string;
  readonly best?: boolean;
}

/** `--weights`, which a run's folder in the place of a spec makes needless, and `--best`. */
export function withWeightsOptions(command: Command): Command {
  return command
    .option(
      '--weights <file>',
      "safetensors or .pth with the weights (default: the run's, where <spec> is its folder)",
    )
    .option('--best', "of a run's folder, the weights that scored best in validation instead of the last");
}

/**
 * The file of weights for a spec or a run's folder; `undefined` where a spec stands alone.
 *
 * @throws InputError `conflicting-option`; `not-a-run` where `--best` is asked of a spec; `no-weights` where the run has
 *   none yet
 */
export function weightsFile(spec: string, { weights, best }: WeightsOptions): string | undefined {
  if (weights !== undefined && best)
    throw new InputError(
      'conflicting-option',
      '--weights and --best exclude each other',
      'leave one of them out',
    );
  if (weights !== undefined) return weights;
  const { path } = splitSpec(spec);
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (!folder) {
    if (!best) return undefined;
    throw new InputError(
      'not-a-run',
      `--best is of a run, and ${path} is no folder`,
      'the folder of a run, or --weights FILE',
    );
  }
  openSpecCopy(path);
  const wanted = join(path, best ? 'best.safetensors' : 'weights.safetensors');
  if (existsSync(wanted)) return wanted;
  const other = join(path, best ? 'weights.safetensors' : 'checkpoint.safetensors');
  const why = best ? 'its run has made no validation' : 'its training has not come to an end';
  const goOn = `go on with \`archc train ${path} --data … --output ${path} --resume\``;
  const instead = existsSync(other) ? `--weights ${other}` : 'wait for the first checkpoint';
  throw new InputError(
    'no-weights',
    `${wanted} does not exist: ${why}`,
    best ? instead : `${goOn}, or ${instead}`,
  );
}

/**
 * As {@link weightsFile}, where a command cannot do without.
 *
 * @throws InputError `missing-option`
 */
export function requiredWeights(spec: string, options: WeightsOptions): string {
  const found = weightsFile(spec, options);
  if (found !== undefined) return found;
  throw new InputError(
    'missing-option',
    "required option '--weights <file>' not specified",
    'a file of weights; the folder of a run in the place of the spec has its own',
  );
}
