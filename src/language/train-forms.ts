import type { Expr } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import { type AugmentSpec, augmentations } from '../recipe/augmentations.ts';
import { type FoldSpec, holdouts } from '../recipe/holdouts.ts';
import { type LossTerm, losses } from '../recipe/losses.ts';
import { type OptimizerSpec, optimizerOf, optimizers } from '../recipe/optimizers.ts';
import { type ScheduleSpec, schedules } from '../recipe/schedules.ts';
import { type Supervision, supervisions } from '../recipe/supervision.ts';
import { fitsF32 } from './f32.ts';
import { fitsAny, patternProblem } from './name-patterns.ts';
import { nearest, nearestArgument } from './suggest.ts';
import type { SettingReader } from './train-values.ts';

/** A term of a loss, and where it stands. */
export interface WrittenTerm {
  readonly term: LossTerm;
  readonly span: Span;
  /** Its arguments as they are written. */
  readonly args: ReadonlyMap<string, Expr>;
}

/** `cross_entropy + 0.5 * dice(…)`: terms with factors. */
export function lossTerms(r: SettingReader, expr: Expr): WrittenTerm[] | undefined {
  if (expr.kind === 'binary' && expr.operator === '+') {
    const left = lossTerms(r, expr.left);
    const right = lossTerms(r, expr.right);
    return left && right && [...left, ...right];
  }
  if (expr.kind === 'binary' && expr.operator === '*') {
    const [factor, term] = isLoss(expr.right) ? [expr.left, expr.right] : [expr.right, expr.left];
    const weight = r.number('a factor of the loss', factor, { above: 0, f32: true });
    const terms = lossTerms(r, term);
    if (weight === undefined || !terms) return undefined;
    const factors = terms.map(({ term }) => term.weight * weight);
    // Of nested factors the product counts, which may leave what each of them stays within.
    if (!factors.every((f) => fitsF32(r.c, 'a factor of the loss', f, expr))) return undefined;
    return terms.map((t, i) => ({ ...t, term: { ...t.term, weight: factors[i] } }));
  }
  const form = r.form('loss', expr, losses, 'bad-loss');
  const term = form && r.chosen(form, losses);
  return term && [{ term: { ...term, weight: 1 }, span: form.span, args: form.args }];
}

const isLoss = (e: Expr): boolean =>
  e.kind === 'name' ||
  (e.kind === 'call' && e.callee.kind === 'name' && Object.hasOwn(losses, e.callee.name));

/** One weight an output, normalised to sum 1. */
export function supervision(
  r: SettingReader,
  expr: Expr,
  outputs: number,
  outputsUnknown: boolean,
): readonly number[] | undefined {
  const form = r.form('supervision', expr, supervisions);
  const chosen = form && r.chosen(form, supervisions);
  if (!chosen) return undefined;
  const { weigh } = supervisions[chosen.kind] as Supervision;
  const weights = weigh(chosen, outputs);
  if (outputsUnknown) return weights;
  if (weights.length !== outputs) {
    const [given = expr] = form.args.values();
    r.c.report('supervise-length', given.span, { outputs, found: weights.length });
    return undefined;
  }
  const total = weights.reduce((a, b) => a + b, 0);
  if (total > 0) return weights.map((w) => w / total);
  r.c.report('illegal-value', expr.span, {
    what: '`supervise`',
    expected: 'a weight above 0 for some output',
    found: 'all 0',
  });
  return undefined;
}

/** `overrides` come from --set train.lr=… */
export function optimizer(
  r: SettingReader,
  expr: Expr,
  overrides: ReadonlyMap<string, Expr>,
): OptimizerSpec | undefined {
  const form = r.form('optimizer', expr, optimizers);
  if (!form) return undefined;
  const known = Object.keys(optimizers[form.kind].args);
  for (const [name, e] of overrides) {
    if (known.includes(name)) continue;
    const near = nearestArgument(name, known);
    r.c.report(
      'unknown-argument',
      e.span,
      { callee: `\`${form.kind}\``, name, arguments: known.join(', ') },
      near ? { hint: `\`${near}\`` } : {},
    );
    return undefined;
  }
  const args = new Map([...form.args, ...overrides]);
  const spec = r.chosen({ ...form, args }, optimizers);
  const refused = spec && optimizerOf(spec).refuses?.(spec);
  if (!refused) return spec;
  const { name, expected } = refused;
  const what = `\`${name}\` of ${form.kind}`;
  const found = String(spec[name as keyof OptimizerSpec]);
  r.c.report('illegal-value', args.get(name)?.span ?? form.span, { what, expected, found });
  return undefined;
}

export function schedule(r: SettingReader, expr: Expr): ScheduleSpec | undefined {
  const form = r.form('schedule', expr, schedules);
  return form && r.chosen(form, schedules);
}

/** The share of cases that is held back, the ids of those that are, or a fold. */
export function holdout(
  r: SettingReader,
  expr: Expr,
  validate: number,
): number | string[] | FoldSpec | undefined {
  const called = expr.kind === 'call' ? expr.callee : expr;
  if (called.kind === 'name' && Object.hasOwn(holdouts, called.name)) return fold(r, expr);
  const listed = expr.kind === 'list';
  const value = listed ? r.strings('`holdout`', expr) : r.number('`holdout`', expr, { least: 0 });
  if (value === undefined) return undefined;
  const refuse = (expected: string, found: string) => {
    r.c.report('illegal-value', expr.span, { what: '`holdout`', expected, found });
    return undefined;
  };
  if (typeof value !== 'number') return value.length > 0 ? value : refuse('the id of a case at least', '[]');
  if (value >= 1) return refuse('less than 1, to leave cases to train on', String(value));
  if (value === 0 && validate > 0) return refuse('more than 0, to have cases to validate on', '0');
  return value;
}

function fold(r: SettingReader, expr: Expr): FoldSpec | undefined {
  const form = r.form('holdout', expr, holdouts);
  const spec = form && r.chosen(form, holdouts);
  if (!spec) return undefined;
  const problem = spec.group === undefined ? undefined : patternProblem(spec.group);
  const wrong =
    spec.from === undefined && spec.index >= spec.of
      ? { name: 'index', expected: `below the number of folds, ${spec.of}`, found: String(spec.index) }
      : problem !== undefined || spec.group?.includes('*') === false
        ? {
            name: 'group',
            expected: 'a pattern with `*` for the text that cases of a group share',
            found: `${JSON.stringify(spec.group)}${problem === undefined ? '' : `, which ${problem}`}`,
          }
        : undefined;
  if (!wrong) return spec;
  const { name, expected, found } = wrong;
  r.c.report('illegal-value', form.args.get(name)!.span, { what: `\`${name}\` of fold`, expected, found });
  return undefined;
}

/** Patterns of parameters, each of which fits one of `parameters`, where these are known. */
export function frozen(
  r: SettingReader,
  expr: Expr,
  parameters: readonly string[] | undefined,
): string[] | undefined {
  const patterns = r.strings('`freeze`', expr);
  for (const pattern of patterns ?? []) {
    const problem = patternProblem(pattern);
    const unfit = parameters !== undefined && !problem && !parameters.some((p) => fitsAny(p, [pattern]));
    if (!problem && !unfit) continue;
    const near = unfit ? nearest(pattern, parameters) : undefined;
    r.c.report(
      'illegal-value',
      expr.span,
      {
        what: '`freeze`',
        expected: 'names of parameters, or patterns that fit some',
        found: `${JSON.stringify(pattern)}, which ${problem ?? 'fits none'}`,
      },
      near === undefined ? {} : { hint: JSON.stringify(near) },
    );
    return undefined;
  }
  return patterns;
}

/** `flips + brightness(0.3)`. */
export function augmentTerms(r: SettingReader, expr: Expr): AugmentSpec[] | undefined {
  if (expr.kind === 'binary' && expr.operator === '+') {
    const left = augmentTerms(r, expr.left);
    const right = augmentTerms(r, expr.right);
    return left && right && [...left, ...right];
  }
  const form = r.form('augmentation', expr, augmentations);
  const spec = form && r.chosen(form, augmentations);
  return spec && [spec];
}
