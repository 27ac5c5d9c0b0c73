import { InputError } from '../errors.ts';
import type { TrainSection } from '../language/model.ts';
import { nearest } from '../language/suggest.ts';
import { Random } from '../recipe/random.ts';
import { foldOf } from './folds.ts';

/** Cases named in a message. */
const SHOWN = 20;

/** A case that may be held back. */
export interface Candidate {
  readonly id: string;
  /** Of each group, such as the images of a class, the same share is held back. */
  readonly group?: string;
}

/**
 * Which cases are held back from training, to validate on them.
 *
 * @param holdout a fold, see {@link foldOf}, their ids, or their share of each group: rounded, but not all of it, and at least one case. 0 for none. Which, follows from the
 *   seed.
 * @param folder of the data set
 * @throws InputError `bad-holdout` where a named case is not there, or a group is left without a case to train on
 */
export function heldBack(
  candidates: readonly Candidate[],
  holdout: TrainSection['holdout'],
  seed: number,
  folder: string,
): ReadonlySet<string> {
  const chosen =
    typeof holdout === 'number'
      ? share(candidates, holdout, seed)
      : 'kind' in holdout
        ? foldOf(
            candidates.map(({ id }) => id),
            holdout,
            folder,
          )
        : named(candidates, holdout);
  for (const [group, ids] of byGroup(candidates)) {
    if (!ids.every((id) => chosen.has(id))) continue;
    const all = `all ${ids.length} case(s) of ${group === '' ? 'the data set' : `the class ${group}`}`;
    throw new InputError(
      'bad-holdout',
      `\`holdout\` keeps back ${all}: nothing is left to train on`,
      'a smaller `holdout`, or `validate = 0` and no `holdout` for no validation',
    );
  }
  // In the order of the data set, whatever the order in which they were named or drawn.
  return new Set(candidates.flatMap(({ id }) => (chosen.has(id) ? [id] : [])));
}

function byGroup(candidates: readonly Candidate[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { id, group = '' } of candidates) {
    const ids = groups.get(group);
    if (ids) ids.push(id);
    else groups.set(group, [id]);
  }
  return groups;
}

function named(candidates: readonly Candidate[], ids: readonly string[]): Set<string> {
  const known = new Set(candidates.map((c) => c.id));
  for (const id of ids) {
    if (known.has(id)) continue;
    const near = nearest(id, known);
    const shown = [...known].slice(0, SHOWN).join(', ');
    throw new InputError(
      'bad-holdout',
      `\`holdout\` names ${JSON.stringify(id)}, which is no training case`,
      `${near === undefined ? '' : `${JSON.stringify(near)}; `}cases are ${shown}${known.size > SHOWN ? ', …' : ''}`,
    );
  }
  return new Set(ids);
}

function share(candidates: readonly Candidate[], part: number, seed: number): Set<string> {
  if (part === 0 || candidates.length === 0) return new Set();
  const chosen = [...byGroup(candidates)].flatMap(([group, ids]) =>
    Random.stream(seed, 'holdout', group)
      .shuffle(ids)
      .slice(0, Math.min(Math.round(part * ids.length), ids.length - 1)),
  );
  if (chosen.length > 0) return new Set(chosen);
  return new Set([Random.stream(seed, 'holdout').shuffle(candidates)[0].id]);
}
