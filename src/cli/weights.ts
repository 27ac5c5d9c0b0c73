import { existsSync } from 'node:fs';
import { openProgram, splitSpec } from '../compiler/model.ts';
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
  const { program } = openProgram(spec);
  const models = named === undefined ? modelNames(program) : [named];
  if (!models.includes(madeFor.name)) {
    note(`${weights} says that it is of ${madeFor.name}; its parameters are not taken over`);
    return { spec, set };
  }
  const several = named === undefined && models.length > 1;
  return { spec: several ? `${spec}:${madeFor.name}` : spec, set: { ...madeFor.set, ...set } };
}
