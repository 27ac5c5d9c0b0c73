/** Letters for `n` axes of an einsum equation. */
export function axisLetters(n: number): string[] {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz';
  if (n > alphabet.length) throw new Error(`no letters for ${n} axes`);
  return [...alphabet.slice(0, n)];
}
