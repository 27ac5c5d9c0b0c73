import type { Entry } from './entry.ts';

/** What keeps a text from being read at all, and files that can't be found. */
export const syntaxDiagnostics = {
  'unexpected-character': {
    severity: 'error',
    message: '`{text}` is not part of the language',
    hint: 'remove it; operators are + - * / % ^ == != < <= > >= |> and the words and, or, not',
    explanation:
      'The text holds characters that begin no word, number, string or operator. Strings stand in double quotes; comments begin with //.',
  },
  'foreign-syntax': {
    severity: 'error',
    message: '{what}',
    hint: 'see docs/language.md for how it is written',
    explanation:
      'This is how Python, or another language, writes it. Here: bodies stand in { }; the last expression is the result; a part is called by its name (`head(x)`, no `self`), an op as a function (`relu(x)`, or `x |> relu`); arguments are named with `:`; lists grow by `xs = xs + [x]`; strings stand in double quotes; comments begin with //, so that whole division is floor(a / b); the words are and, or, not, true, false, none; ranges are 0..n. The rest of the line is read as what was probably meant, and other mistakes on it are told once this one is gone.',
  },
  'unterminated-string': {
    severity: 'error',
    message: 'the string has no end',
    hint: 'close it with " on the same line',
    explanation: 'A string begins and ends with a double quote on one line. Write \\" for a quote inside it.',
  },
  'unclosed-bracket': {
    severity: 'error',
    message: '`{bracket}` is never closed',
    hint: 'add the missing `{closer}`',
    explanation:
      'Every (, [, { and the < of a vector needs its partner. Inside brackets a line end does not end a statement, so that one missing bracket can reach far; it is reported where it was opened.',
  },
  'stray-bracket': {
    severity: 'error',
    message: '`{bracket}` closes nothing',
    hint: 'remove it, or add the bracket that it should close',
    explanation: 'A closing bracket was found where none of its kind is open.',
  },
  'too-deep': {
    severity: 'error',
    message: 'this is nested more than {limit} levels deep, or too long a chain',
    hint: 'give parts of it names with `let`',
    explanation:
      'Brackets may be nested 100 levels deep, and one expression may chain 200 operators. Blocks and functions may call each other 100 levels deep. No network needs more, and the limits keep damaged files from exhausting memory.',
  },
  'unexpected-token': {
    severity: 'error',
    message: 'expected {expected}, but found {found}',
    hint: 'a statement ends with its line; see docs/language.md for the form of each statement',
    explanation:
      'The text does not have the form of any statement here. Outside of (, [ and < a statement ends with its line, unless the line ends in an operator or the next begins with |>.',
  },
  'unexpected-end': {
    severity: 'error',
    message: 'the text ends where {expected} was expected',
    hint: 'complete the last statement',
    explanation: 'The file (or the value of a --set) stops in the middle of a statement.',
  },
  'bad-binding-target': {
    severity: 'error',
    message: 'only a name, or names in parentheses, can stand left of `=`',
    hint: 'write `x = …` or `(a, b) = …`; a list grows with `xs = xs + [x]`',
    explanation:
      'Values do not change: `xs[i] = e` is not possible inside `forward`. Bind a new value to the name instead. Indexed names on the left declare instances, and stand outside `forward`.',
  },
  'let-in-forward': {
    severity: 'error',
    message: '`let` belongs to declarations',
    hint: 'write `x = …` inside `forward` and `def`',
    explanation:
      '`let` names a constant of a block. Inside `forward` and `def` a name is bound with `=` alone, and may be bound anew.',
  },
  'update-outside-forward': {
    severity: 'error',
    message: '`update` belongs to `forward`',
    hint: 'move it into `forward` or a `def`, after what it is computed from',
    explanation:
      'A declaration says what a buffer is and how it starts; `update name = e` inside `forward` says what it holds after a training step.',
  },
  'ablation-not-supported': {
    severity: 'error',
    message: '`ablation` sections are not supported yet',
    hint: 'remove the section, and vary parameters with --set',
    explanation: 'The word is reserved for planned experiments over variants and parameters of a model.',
  },
  'number-too-large': {
    severity: 'error',
    message: 'the number {number} is too large',
    hint: 'whole numbers and fractions are exact up to 2^53',
    explanation:
      'Whole numbers and fractions are computed exactly, within ±9007199254740991; floats must stay finite.',
  },
  'not-text': {
    severity: 'error',
    message: '{file} is not a text file',
    hint: 'give a .arch file, in UTF-8',
    explanation:
      'The file holds NUL characters, which text does not. Weights and images are given with other flags.',
  },
  'file-too-large': {
    severity: 'error',
    message: '{file} has {size} characters, more than the {limit} that a spec may have',
    hint: 'give a .arch file, or split it with `import`',
    explanation: 'A spec is a page or two of text. The limit keeps other files from being read as specs.',
  },
  'file-not-found': {
    severity: 'error',
    message: 'there is no file {file}',
    hint: 'check the path; imports are relative to the file that they stand in',
    explanation:
      'A path after `from` is relative to the importing file; one that begins with `archc/` names a spec that comes with archc, such as archc/lib/nn.arch.',
  },
  'import-cycle': {
    severity: 'error',
    message: 'these files import each other: {cycle}',
    hint: 'move what both need into a third file',
    explanation: 'A file can only use names of files that are complete without it.',
  },
  'nothing-declared': {
    severity: 'error',
    message: '{file} declares no model and no block',
    hint: 'start with `model Name(…)`',
    explanation: 'A spec declares at least one model or block; an empty file is taken for a mistake.',
  },
} as const satisfies Record<string, Entry>;
