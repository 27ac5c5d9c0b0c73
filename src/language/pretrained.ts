import type { NamePattern, PretrainedDecl, PretrainedEntry } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import type { Context } from './context.ts';
import { firstPlace } from './diagnostics/index.ts';
import type { PretrainedSection, RenameRule } from './model.ts';
import { fitsAny, patternProblem, unboundIn } from './name-patterns.ts';
import type { ScopedSection } from './sections.ts';
import { nearest } from './suggest.ts';

/** The rules and how each is written. */
const rules: Readonly<Record<string, 'text' | 'map' | 'set'>> = {
  file: 'text',
  into: 'text',
  rename: 'map',
  alias: 'map',
  skip: 'set',
  new: 'set',
  if_shape: 'set',
};

/**
 * A `pretrained` section read and checked.
 *
 * @param names the model's parameters with its default values, or `undefined` where other values are chosen
 * @returns `undefined` where something is wrong, and reported
 */
export function elaboratePretrained(
  c: Context,
  { decl }: ScopedSection<PretrainedDecl>,
  names: readonly string[] | undefined,
): PretrainedSection | undefined {
  const before = c.reporter.errors;
  const entries = readEntries(c, decl);
  const text = (name: string) => {
    const value = entries.get(name)?.value;
    return value?.kind === 'string' ? value : undefined;
  };
  const map = (name: string): RenameRule[] =>
    (entries.get(name)?.patterns ?? []).flatMap((p) => readRename(c, name, p));
  const set = (name: string): Ident[] =>
    (entries.get(name)?.patterns ?? []).flatMap((p) => readPattern(c, name, p));
  const into = text('into');
  const [skip, fresh, ifShape] = [set('skip'), set('new'), set('if_shape')];
  const section: PretrainedSection = {
    name: decl.name.name,
    model: decl.model.name,
    file: text('file')?.value,
    spec: decl.span.file,
    into: into?.value ?? '',
    rename: map('rename'),
    alias: map('alias'),
    skip: skip.map((p) => p.name),
    fresh: fresh.map((p) => p.name),
    ifShape: ifShape.map((p) => p.name),
    span: decl.span,
  };
  if (c.reporter.errors > before) return undefined;
  if (names) checkNames(c, section, into?.span, [...fresh, ...ifShape], names);
  return c.reporter.errors > before ? undefined : section;
}

type Ident = { readonly name: string; readonly span: Span };

function readEntries(c: Context, decl: PretrainedDecl): Map<string, PretrainedEntry> {
  const entries = new Map<string, PretrainedEntry>();
  for (const entry of decl.entries) {
    const { name, span } = entry.key;
    const first = entries.get(name);
    const form = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (form === undefined) {
      const known = Object.keys(rules);
      const near = nearest(name, known);
      c.report('unknown-rule', span, { name, rules: known.join(', ') }, near ? { hint: `\`${near}\`` } : {});
    } else if (first) c.report('duplicate-setting', span, { name }, { labels: [firstPlace(first.key.span)] });
    else if (form === 'text' ? entry.value?.kind !== 'string' : !entry.patterns) {
      // A value that did not parse was reported as such.
      if (entry.value?.kind === 'bad') continue;
      const expected =
        form === 'text'
          ? `${name} = "…"`
          : form === 'map'
            ? `${name} { "…" -> "…", … }`
            : `${name} { "…", … }`;
      c.report('rule-form', entry.span, { name, expected });
    } else entries.set(name, entry);
  }
  return entries;
}

function wellFormed(c: Context, { name, span }: Ident): boolean {
  const problem = patternProblem(name);
  if (problem === undefined) return true;
  c.report('bad-pattern', span, { pattern: name, problem });
  return false;
}

function readPattern(c: Context, name: string, { from, to }: NamePattern): Ident[] {
  if (to) c.report('needless-target', to.span, { name, target: to.name });
  return wellFormed(c, from) ? [from] : [];
}

function readRename(c: Context, name: string, { from, to }: NamePattern): RenameRule[] {
  if (!to) {
    c.report('missing-target', from.span, { name, pattern: from.name });
    return [];
  }
  if (!wellFormed(c, from) || !wellFormed(c, to)) return [];
  const wildcard = unboundIn(from.name, to.name);
  if (wildcard === undefined) return [{ from: from.name, to: to.name }];
  c.report('unbound-wildcard', to.span, { target: to.name, pattern: from.name, wildcard });
  return [];
}

/** `into`, and the patterns of names within it, must find something. */
function checkNames(
  c: Context,
  { model, into }: PretrainedSection,
  intoSpan: Span | undefined,
  patterns: readonly Ident[],
  names: readonly string[],
): void {
  const prefix = into === '' ? '' : `${into}.`;
  const inside = names.filter((n) => n.startsWith(prefix)).map((n) => n.slice(prefix.length));
  if (intoSpan && inside.length === 0) {
    const modules = new Set(names.flatMap((n) => prefixesOf(n)));
    const near = nearest(into, modules);
    c.report('no-such-parameters', intoSpan, { pattern: into, model }, near ? { hint: `\`${near}\`` } : {});
    return;
  }
  for (const { name, span } of patterns) {
    if (inside.some((n) => fitsAny(n, [name]))) continue;
    const near = nearest(name.replace(/\.\*$/, ''), new Set(inside.flatMap((n) => [n, ...prefixesOf(n)])));
    c.report('no-such-parameters', span, { pattern: name, model }, near ? { hint: `\`${near}\`` } : {});
  }
}

/** `a.b.c`: `a`, `a.b`. */
function prefixesOf(name: string): string[] {
  const parts = name.split('.');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('.'));
}
