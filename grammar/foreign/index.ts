import type { IToken } from 'chevrotain';
import type { SyntaxIssue } from '../issue.ts';
import type { LexResult } from '../tokens.ts';
import { braced } from './blocks.ts';
import { divided } from './comments.ts';
import { ForeignReport } from './report.ts';
import { respelled } from './signs.ts';
import { reworded } from './words.ts';

/**
 * Python and its like, read as what was most likely meant: each habit is reported with what to write, and the tokens
 * go on as if that had been written, so that it is one mistake and what follows is checked all the same.
 */
export function translated(
  { tokens, comments }: LexResult,
  text: string,
  file: string,
): { tokens: IToken[]; issues: readonly SyntaxIssue[] } {
  const report = new ForeignReport(file);
  const whole = divided(tokens, comments, report);
  return {
    tokens: respelled(reworded(braced(whole, text, report), report), text, report),
    issues: report.issues,
  };
}
