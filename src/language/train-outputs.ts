import type { Expr, OutputSection, TrainDecl } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import { isOfRegions } from '../recipe/losses.ts';
import { outputSettings } from '../recipe/train-settings.ts';
import type { Context } from './context.ts';
import { evaluateIndices } from './declarations.ts';
import { firstPlace } from './diagnostics/index.ts';
import type { Env } from './env.ts';
import { checkLosses } from './losses.ts';
import type { Head, ModelOutput } from './model.ts';
import { nearest, nearestArgument } from './suggest.ts';
import { lossTerms, supervision, type WrittenTerm } from './train-forms.ts';
import type { SettingReader } from './train-values.ts';
import { showPath } from './values.ts';

const settings = Object.keys(outputSettings);

/** Settings of the outputs of a name: `cells`, or `aux`, which is `aux.0` and `aux.1`, too. */
interface Named {
  readonly path: string;
  readonly span: Span;
  readonly entries: Map<string, Expr>;
}

/** Of one output, what is set for it and for none or all others of its name; what is not is left out. */
export interface OutputSettings {
  readonly loss?: readonly WrittenTerm[];
  readonly weight?: number;
  readonly target?: Target;
  /** Where it is named. */
  readonly span: Span;
}

interface Target {
  readonly groups: readonly (readonly string[])[];
  readonly span: Span;
}

/**
 * Reads `output NAME { … }` of a train section, and `--set train.NAME.weight=…`.
 *
 * @param overrides by `NAME.setting`; those of other forms have been taken out
 * @returns by output; what is set for one alone counts before what is set for all of its name
 */
export function outputsOf(
  r: SettingReader,
  env: Env,
  decl: TrainDecl,
  overrides: ReadonlyMap<string, Expr>,
  { outputs, unknown }: { readonly outputs: readonly ModelOutput[]; readonly unknown: boolean },
): Map<string, OutputSettings> {
  const sections = sectionsOf(r.c, env, decl.outputs);
  for (const [name, expr] of overrides) override(r.c, sections, name, expr);
  const found = new Map<string, OutputSettings>();
  const ordered = [...sections.values()].sort((a, b) => depth(a.path) - depth(b.path));
  for (const section of ordered) {
    const members = outputs.filter(
      ({ name }) => name === section.path || name.startsWith(`${section.path}.`),
    );
    if (members.length === 0) {
      if (!unknown) reportNoOutput(r.c, section, outputs);
      continue;
    }
    const read = settingsOf(r, section, members);
    members.forEach(({ name }, i) => {
      found.set(name, { ...found.get(name), ...read(i), span: section.span });
    });
  }
  return found;
}

const depth = (path: string) => path.split('.').length;

function sectionsOf(c: Context, env: Env, written: readonly OutputSection[]): Map<string, Named> {
  const sections = new Map<string, Named>();
  for (const { name, indices, entries, path: span } of written) {
    const at = evaluateIndices(c, indices, env);
    if (!at) continue;
    const path = [name.name, ...at].join('.');
    const first = sections.get(path);
    if (first) {
      const labels = [firstPlace(first.span)];
      c.report('duplicate-setting', span, { name: `output ${showPath(path)}` }, { labels });
      continue;
    }
    const own = new Map<string, Expr>();
    for (const { key, value } of entries) {
      const same = entries.find((e) => e.key.name === key.name)?.key ?? key;
      if (!settings.includes(key.name)) reportUnknown(c, key.name, key.span);
      else if (same !== key)
        c.report('duplicate-setting', key.span, key, { labels: [firstPlace(same.span)] });
      else own.set(key.name, value);
    }
    sections.set(path, { path, span, entries: own });
  }
  return sections;
}

function override(c: Context, sections: Map<string, Named>, name: string, expr: Expr): void {
  const path = name.slice(0, name.lastIndexOf('.')).replace(/\[(\d+)\]/g, '.$1');
  const setting = name.slice(name.lastIndexOf('.') + 1);
  if (!settings.includes(setting)) {
    reportUnknown(c, setting, expr.span);
    return;
  }
  const section = sections.get(path) ?? { path, span: expr.span, entries: new Map<string, Expr>() };
  section.entries.set(setting, expr);
  sections.set(path, section);
}

function reportUnknown(c: Context, name: string, span: Span): void {
  const near = nearestArgument(name, settings);
  const args = { what: 'an output in a train section', name, settings: settings.join(', ') };
  c.report('unknown-setting', span, args, near ? { hint: `\`${near}\`` } : {});
}

function reportNoOutput(c: Context, { path, span }: Named, outputs: readonly ModelOutput[]): void {
  const names = outputs.map(({ name }) => showPath(name));
  const families = outputs.map(({ name }) => name.split('.')[0]);
  const near = nearest(showPath(path), [...names, ...families]) ?? nearest(path.split('.')[0], families);
  const args = { name: showPath(path), outputs: names.join(', ') };
  c.report('no-such-output', span, args, near ? { hint: `\`${near}\`` } : {});
}

/** What a section sets, for each of the outputs that it names. */
function settingsOf(
  r: SettingReader,
  { entries }: Named,
  members: readonly ModelOutput[],
): (member: number) => Omit<OutputSettings, 'span'> {
  const read = <T>(name: string, reader: (expr: Expr) => T | undefined): T | undefined => {
    const expr = entries.get(name);
    return expr && reader(expr);
  };
  const loss = read('loss', (e) => lossTerms(r, e));
  const target = read('target', (e) => targetIn(r, e));
  const total = read('weight', (e) => r.number('`weight`', e, { least: 0, f32: true }));
  const shares = read('supervise', (e) => supervision(r, e, members.length, false));
  const weighed = total !== undefined || shares !== undefined;
  return (i) => ({
    ...(loss && { loss }),
    ...(target && { target }),
    ...(weighed && { weight: (total ?? 1) * (shares?.[i] ?? 1) }),
  });
}

/** `["boundary", ["interior", "core"]]`. */
function targetIn(r: SettingReader, expr: Expr): Target | undefined {
  const groups = r.groups('`target`', 'a class of `target`', expr);
  return groups && { groups, span: expr.span };
}

/** What a trained section keeps of these settings; `undefined` where there are none. */
export function headsOf(found: ReadonlyMap<string, OutputSettings>): Record<string, Head> | undefined {
  if (found.size === 0) return undefined;
  return Object.fromEntries(
    [...found].map(([name, { loss, target, span }]) => [
      name,
      {
        ...(loss && { loss: loss.map(({ term }) => term) }),
        ...(target && { target: target.groups }),
        span: target?.span ?? span,
      },
    ]),
  );
}

/** What a section compares. */
interface Comparisons {
  /** Where its name stands. */
  readonly section: Span;
  /** The loss of outputs without their own. */
  readonly shared: readonly WrittenTerm[];
  readonly heads: ReadonlyMap<string, OutputSettings>;
  /** None where something is wrong with them. */
  readonly outputs: readonly ModelOutput[];
  readonly weights: readonly number[];
}

/** Reports losses and targets that do not go together, or not with the outputs that they are of. */
export function checkComparisons(c: Context, comparisons: Comparisons): void {
  const { section, shared, heads, outputs, weights } = comparisons;
  const ownLoss = ({ name }: ModelOutput) => heads.get(name)?.loss;
  const losses = [...heads.values()].flatMap(({ loss }) => (loss ? [loss] : []));
  const trained = outputs.filter((_, i) => weights[i] !== 0);
  const users = (loss: readonly WrittenTerm[]) =>
    loss === shared
      ? trained.filter((output) => !ownLoss(output))
      : outputs.filter((output) => ownLoss(output) === loss);
  for (const loss of new Set([shared, ...losses])) {
    // Those that share a target have as many classes, or are reported for that.
    const plain = users(loss).filter(({ name }) => !heads.get(name)?.target);
    const others = users(loss).filter((output) => !plain.includes(output));
    checkLosses(c, loss, [...plain.slice(0, 1), ...others]);
  }
  for (const output of outputs)
    checkTarget(c, output, heads.get(output.name)?.target, ownLoss(output) ?? shared);
  if (outputs.length === 0 || trained.length > 0) return;
  const expected = 'more than 0 for some output';
  c.report('illegal-value', section, { what: '`weight`', expected, found: '0 for each' });
}

/** Reports a target whose classes are not those of its output, or of which losses of classes can make nothing. */
function checkTarget(
  c: Context,
  output: ModelOutput,
  target: Target | undefined,
  loss: readonly WrittenTerm[],
): void {
  // An output without axis 1 has been reported.
  if (!target || loss.length === 0 || output.dims.length < 2) return;
  const { groups, span } = target;
  const regions = loss.some(({ term }) => isOfRegions(term));
  const names = groups.flat();
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (!regions && twice !== undefined) {
    c.report('overlapping-target', span, { name: twice, loss: loss[0].term.kind });
    return;
  }
  const background = hasBackground(output, regions) ? ['the background, which is what no list names'] : [];
  const classes = [...background, ...groups.map((group) => group.join(' or '))];
  const { size } = output.dims[1];
  if (size === classes.length) return;
  const [name, what] = [showPath(output.name), regions ? 'regions' : 'classes'];
  const expected = `${classes.length}: ${classes.join('; ')}`;
  c.report(
    'target-classes',
    span,
    { output: name, found: `${size} ${what}`, expected },
    { labels: [{ span: output.span, text: `\`${name}\` has ${size} ${what}` }] },
  );
}

/** Whether class 0 of an output is all that its target does not name: of maps of classes. */
export const hasBackground = ({ dims }: Pick<ModelOutput, 'dims'>, regions: boolean): boolean =>
  !regions && dims.length > 2;
