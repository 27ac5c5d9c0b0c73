/**
 * A pattern of tensor names: `*` stands for any text (also none, also with dots), `{i}` for one whole number. A
 * name of braces that stands twice stands for the same number.
 */
export interface NameMatcher {
  readonly regex: RegExp;
  /** Names in braces, in order. */
  readonly numbers: readonly string[];
  readonly stars: number;
}

/** Pieces of a pattern: `*`, `{…}` (perhaps not closed) and plain text. */
const PIECES = /\*|\{[^{}]*\}?|\}|[^*{}]+/g;
const NUMBER = /^\{([A-Za-z]\w*)\}$/;

/** What is wrong with a pattern, as a phrase; `undefined` where it is well formed. */
export function patternProblem(pattern: string): string | undefined {
  if (pattern === '') return 'is empty';
  if (/\s/.test(pattern)) return 'has a space in it';
  const wrong = (pattern.match(PIECES) ?? []).find((p) => /[{}]/.test(p) && !NUMBER.test(p));
  return wrong === undefined ? undefined : `has \`${wrong}\` where a name in braces should stand`;
}

/** Reads a pattern that {@link patternProblem} finds nothing wrong with. */
function matcherOf(pattern: string): NameMatcher {
  const numbers: string[] = [];
  let stars = 0;
  const source = (pattern.match(PIECES) ?? []).map((piece) => {
    const name = NUMBER.exec(piece)?.[1];
    if (name !== undefined) {
      if (numbers.includes(name)) return `\\k<${name}>`;
      numbers.push(name);
      return `(?<${name}>\\d+)`;
    }
    return piece === '*' ? `(?<_${stars++}>.*)` : piece.replace(/[\\^$.|?+()[\]]/g, '\\$&');
  });
  return { regex: new RegExp(`^${source.join('')}$`), numbers, stars };
}

/** Whether a name fits any of the patterns. */
export function fitsAny(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matcherOf(pattern).regex.test(name));
}

/** What the stars of a pattern stand for in a name, in order; `undefined` where it does not fit. */
export function starsOf(name: string, pattern: string): readonly string[] | undefined {
  const { regex, stars } = matcherOf(pattern);
  const groups = regex.exec(name)?.groups;
  if (!groups) return undefined;
  return Array.from({ length: stars }, (_, i) => groups[`_${i}`]);
}

/**
 * The name that a rule makes of `name`, or `undefined` where the rule's `from` does not fit it. The stars of `to`
 * take what those of `from` stood for, in order; numbers go by their names.
 */
export function renamed(
  name: string,
  rule: { readonly from: string; readonly to: string },
): string | undefined {
  const match = matcherOf(rule.from).regex.exec(name);
  if (!match) return undefined;
  const { groups } = match;
  let star = 0;
  return rule.to.replace(PIECES, (piece) => {
    const number = NUMBER.exec(piece)?.[1];
    if (number !== undefined) return groups?.[number] ?? '';
    return piece === '*' ? (groups?.[`_${star++}`] ?? '') : piece;
  });
}

/** What `to` uses and `from` does not give, as it is written; `undefined` where all is given. */
export function unboundIn(from: string, to: string): string | undefined {
  const given = matcherOf(from);
  const used = matcherOf(to);
  const number = used.numbers.find((name) => !given.numbers.includes(name));
  if (number !== undefined) return `{${number}}`;
  return used.stars > given.stars ? '*' : undefined;
}
