import type { Attrs } from '../../ir/graph.ts';
import type { SplitRule } from '../../ir/split-rule.ts';

/** Ways to cut a convolution's channels: as one group (`whole`), else into whole groups. */
export function channelSplits(
  attrs: Attrs,
  rules: { readonly whole: readonly SplitRule[]; readonly grouped: SplitRule },
): SplitRule[] {
  const groups = attrs['groups'] as number;
  if (groups === 1) return [...rules.whole];
  return [
    {
      ...rules.grouped,
      units: groups,
      attrs: (part, whole) => ({ groups: (groups * part) / whole }),
    },
  ];
}
