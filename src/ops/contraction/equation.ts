/** A parsed `"a-letters, b-letters -> out-letters"`. */
export interface Equation {
  readonly a: readonly string[];
  readonly b: readonly string[];
  readonly out: readonly string[];
}

/** Why a text is no equation of a contraction of two operands. */
export class EquationError extends Error {
  override readonly name = 'EquationError';
}

/**
 * Parses an equation; letters may stand with or without spaces between them (`b k d l, k c d -> b k c l`,
 * `mk,kn->mn`). Throws {@link EquationError}.
 */
export function parseEquation(text: string): Equation {
  const [left, right, ...rest] = text.split('->');
  const operands = left.split(',');
  if (right === undefined || rest.length > 0 || operands.length !== 2) {
    throw new EquationError(`\`${text}\` is not of the form \`a b, b c -> a c\``);
  }
  const [a, b, out] = [...operands, right].map((part) => letters(text, part));
  for (const letter of out) {
    if (!a.includes(letter) && !b.includes(letter)) {
      throw new EquationError(`\`${text}\`: the result's \`${letter}\` is in no operand`);
    }
  }
  for (const [one, other] of [
    [a, b],
    [b, a],
  ]) {
    const alone = one.find((l) => !other.includes(l) && !out.includes(l));
    if (alone) {
      throw new EquationError(
        `\`${text}\`: \`${alone}\` is in one operand only and not in the result; sum over it first`,
      );
    }
  }
  return { a, b, out };
}

function letters(text: string, part: string): string[] {
  const found = [...part.replaceAll(/\s/g, '')];
  for (const [i, letter] of found.entries()) {
    if (!/[a-zA-Z]/.test(letter)) throw new EquationError(`\`${text}\`: \`${letter}\` is not a letter`);
    if (found.indexOf(letter) !== i) {
      throw new EquationError(`\`${text}\`: \`${letter}\` stands twice in one term`);
    }
  }
  return found;
}

export function formatEquation(a: readonly string[], b: readonly string[], out: readonly string[]): string {
  return `${a.join(' ')}, ${b.join(' ')} -> ${out.join(' ')}`;
}
