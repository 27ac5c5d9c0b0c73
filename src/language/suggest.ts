import { foreignArguments } from '../../grammar/foreign/names.ts';

/**
 * The candidate nearest to `name` by edit distance, if one is near enough to be what was meant, or the only one of
 * which `name` is a part, or that is a part of it. Names of one letter are near to nothing: any other letter would be.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length < 2) return undefined;
  const all = [...candidates];
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of all) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = candidate.toLowerCase() === name.toLowerCase() ? 0.5 : editDistance(name, candidate);
    if (candidate !== name && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ?? onlyPart(name, all);
}

/** `kernel_size` for `kernel`, `batch` for `batch_size`: whole words, or the beginning of a name, of one candidate alone. */
function onlyPart(name: string, candidates: readonly string[]): string | undefined {
  const padded = (text: string) => `_${text.toLowerCase()}_`;
  const others = [...new Set(candidates)].filter((c) => c !== name && c.length > 1);
  const parts = others.filter((c) => padded(c).includes(padded(name)) || padded(name).includes(padded(c)));
  if (parts.length > 0) return parts.length === 1 ? parts[0] : undefined;
  const begun = name.length < 3 ? [] : others.filter((c) => c.toLowerCase().startsWith(name.toLowerCase()));
  return begun.length === 1 ? begun[0] : undefined;
}

/** The argument or setting that is meant by `name`, which may be another framework's. */
export function nearestArgument(name: string, names: readonly string[]): string | undefined {
  const known = Object.hasOwn(foreignArguments, name) ? foreignArguments[name] : [];
  return known.find((here) => names.includes(here)) ?? nearest(name, names);
}

/** Damerau–Levenshtein distance (optimal string alignment): insert, delete, replace, swap neighbours. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let d = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        d = Math.min(d, before[j - 2] + 1);
      row.push(d);
    }
    before = last;
    last = row;
  }
  return last[b.length];
}
