import type { Span } from '../../../grammar/span.ts';
import { bufferDiagnostics } from './buffers.ts';
import type { ArgsIn, Entry } from './entry.ts';
import { nameDiagnostics } from './names.ts';
import { pretrainedDiagnostics } from './pretrained.ts';
import { shapeDiagnostics } from './shapes.ts';
import { syntaxDiagnostics } from './syntax.ts';
import { trainingDiagnostics } from './training.ts';
import { typeDiagnostics } from './types.ts';
import { warningDiagnostics } from './warnings.ts';

/** Every diagnostic there is. */
export const diagnosticTable = {
  ...syntaxDiagnostics,
  ...nameDiagnostics,
  ...typeDiagnostics,
  ...shapeDiagnostics,
  ...bufferDiagnostics,
  ...trainingDiagnostics,
  ...pretrainedDiagnostics,
  ...warningDiagnostics,
} as const satisfies Record<string, Entry>;

export type DiagnosticCode = keyof typeof diagnosticTable;

type Texts<C extends DiagnosticCode> =
  | (typeof diagnosticTable)[C]['message']
  | (typeof diagnosticTable)[C]['hint'];
/** The arguments of a code's templates. */
export type DiagnosticArgs<C extends DiagnosticCode> = Readonly<Record<ArgsIn<Texts<C>>, string | number>>;

export interface Label {
  readonly span: Span;
  readonly text: string;
}

/** One mistake, as data; `renderDiagnostic` makes text of it. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly span: Span;
  readonly labels: readonly Label[];
  readonly notes: readonly string[];
  readonly hint: string;
}

/** Points at the first of two declarations of one name. */
export const firstPlace = (span: Span): Label => ({ span, text: 'declared here first' });

export interface Extras {
  readonly labels?: readonly Label[];
  readonly notes?: readonly string[];
  /** Instead of the table's. */
  readonly hint?: string;
}

export function makeDiagnostic<C extends DiagnosticCode>(
  code: C,
  span: Span,
  args: DiagnosticArgs<C>,
  extras: Extras = {},
): Diagnostic {
  const entry: Entry = diagnosticTable[code];
  const fill = (text: string) =>
    text.replace(/\{(\w+)\}/g, (_, name: string) => String(args[name as keyof typeof args] ?? ''));
  return {
    code,
    severity: entry.severity,
    message: fill(entry.message),
    span,
    labels: extras.labels ?? [],
    notes: extras.notes ?? [],
    hint: extras.hint ?? fill(entry.hint),
  };
}

/** Errors that are kept of one spec, and as many warnings. */
const MAX_DIAGNOSTICS = 1000;

/** Collects diagnostics; the same mistake at the same place counts once, however often a block is used. */
export class Reporter {
  private readonly found = new Map<string, Diagnostic>();
  private readonly foreignLines = new Set<string>();
  private readonly counts = { error: 0, warning: 0 };

  report = <C extends DiagnosticCode>(
    code: C,
    span: Span,
    args: DiagnosticArgs<C>,
    extras?: Extras,
  ): void => {
    this.add(makeDiagnostic(code, span, args, extras));
  };

  add(diagnostic: Diagnostic): void {
    const key = `${diagnostic.code} ${diagnostic.span.file} ${diagnostic.span.start}`;
    // A line in another language's form is read as what was probably meant; what else is wrong there may follow from that.
    const line = `${diagnostic.span.file}:${diagnostic.span.line}`;
    const full = this.counts[diagnostic.severity] >= MAX_DIAGNOSTICS;
    if (full || this.found.has(key) || this.foreignLines.has(line)) return;
    if (diagnostic.code === 'foreign-syntax') this.foreignLines.add(line);
    this.counts[diagnostic.severity]++;
    this.found.set(key, diagnostic);
  }

  /** Mistakes so far; warnings do not count: there is a model in spite of them. */
  get errors(): number {
    return this.counts.error;
  }

  /** So many mistakes that further ones say nothing. */
  get full(): boolean {
    return this.counts.error >= MAX_DIAGNOSTICS;
  }

  /** In the order of the files and lines. */
  get diagnostics(): Diagnostic[] {
    const files = [...new Set([...this.found.values()].map((d) => d.span.file))];
    return [...this.found.values()].sort(
      (a, b) =>
        files.indexOf(a.span.file) - files.indexOf(b.span.file) ||
        a.span.start - b.span.start ||
        a.span.end - b.span.end,
    );
  }
}
