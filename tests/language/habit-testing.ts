import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { model, unmark } from '../../src/language/diagnostics/testing.ts';
import { check, loadSpec } from '../../src/language/index.ts';
import { memoryFiles } from '../../src/language/memory-files.ts';
import { ops } from '../../src/ops/index.ts';

/**
 * What people who come from Python and PyTorch write. Each case is one mistake: the text (⟦ where the one diagnostic
 * points), the code and message it gives, and what it says to write.
 */
type Habit = readonly [text: string, message: string, hint: string];

const folder = new URL('../../specs/lib/', import.meta.url);
/** The files of specs/lib by the path of their import. */
export const library = Object.fromEntries(
  readdirSync(folder).map((file) => [`archc/lib/${file}`, readFileSync(new URL(file, folder), 'utf8')]),
);

export function diagnosed(marked: string) {
  const loaded = loadSpec('spec.arch', memoryFiles({ ...library, 'spec.arch': unmark(marked).text }));
  return check(loaded, ops);
}

export function testHabits(title: string, cases: readonly Habit[]): void {
  describe(title, () => {
    it.each(cases.map((c) => [c[1], ...c] as const))('%s', (_, text, message, hint) => {
      const { line, column } = unmark(text);
      expect(
        diagnosed(text).map((d) => `${d.span.line}:${d.span.column} [${d.code}] ${d.message} → ${d.hint}`),
      ).toEqual([`${line}:${column} ${message} → ${hint}`]);
    });
  });
}

export const end = '  forward { y = x }\n  output out: [B, 4, 8, 8] = y';
export const constant = (expr: string) => model(`  let v = ${expr}\n${end}`, 'n: int = 4');
/** An instance of a block of the library, in use. */
export const using = (instance: string) =>
  model(`  a = ${instance}\n  forward { y = a(x) }\n  output out: [B, 4, 8, 8] = y`);
export const undefinedName = (name: string) => `[unknown-name] \`${name}\` is not defined`;
