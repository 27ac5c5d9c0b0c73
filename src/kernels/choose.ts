import type { DeviceLimits } from '../ir/kernel.ts';
import type { Target } from '../ir/target.ts';
import type { Candidate, Needs } from './variant.ts';

/** A need of a kernel that a target does not meet. */
export interface Lack {
  readonly name: string;
  readonly needed: number | string;
  readonly offered: number | string;
}

/** What a target lacks of what is needed; empty where all is there. */
export function lacks({ limits = {}, features = [], kind }: Needs, target: Target): Lack[] {
  const tooSmall = (Object.keys(limits) as (keyof DeviceLimits)[]).flatMap((name): Lack[] => {
    const needed = limits[name]!;
    const offered = target.limits[name];
    const enough = name.startsWith('min') ? offered <= needed : offered >= needed;
    return enough ? [] : [{ name, needed, offered }];
  });
  const missing = features
    .filter((name) => !target.features.includes(name))
    .map((name): Lack => ({ name, needed: 'the feature', offered: 'none' }));
  const other =
    kind === undefined || kind === target.kind
      ? []
      : [{ name: 'kind', needed: kind, offered: target.kind } satisfies Lack];
  return [...tooSmall, ...missing, ...other];
}

/** Candidates, the one to take first: those that fit before those that do not, then the cheapest, then by name. */
export function ranked(candidates: readonly Candidate[], target: Target): RankedCandidate[] {
  return candidates
    .map((candidate) => ({ candidate, lacks: lacks(candidate.needs, target) }))
    .sort(
      (a, b) =>
        Number(a.lacks.length > 0) - Number(b.lacks.length > 0) ||
        a.candidate.cost - b.candidate.cost ||
        (a.candidate.name < b.candidate.name ? -1 : 1),
    );
}

export interface RankedCandidate {
  readonly candidate: Candidate;
  readonly lacks: readonly Lack[];
}
