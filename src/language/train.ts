import type { Expr, TrainDecl } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import { optimizers } from '../recipe/optimizers.ts';
import { argumentNames } from '../recipe/setting.ts';
import { trainDefaults, trainSettings } from '../recipe/train-settings.ts';
import type { Context } from './context.ts';
import { firstPlace } from './diagnostics/index.ts';
import { Env } from './env.ts';
import type { ModelOutput, TrainSection } from './model.ts';
import type { ScopedSection } from './sections.ts';
import { nearestArgument } from './suggest.ts';
import { augmentTerms, frozen, holdout, lossTerms, optimizer, schedule, supervision } from './train-forms.ts';
import { checkComparisons, headsOf, outputsOf } from './train-outputs.ts';
import { SettingReader } from './train-values.ts';

const settings = Object.keys(trainSettings);
/** What `--set train.lr=…` may change inside the optimizer. */
const optimizerSettings = argumentNames(optimizers);

/**
 * A train section worked out for a model with these outputs; `undefined` where something is wrong. Where the outputs are
 * not all known, because something is wrong with the model, what depends on them is not checked.
 *
 * @param parameters their names, which patterns must fit; left out where the model is another than its defaults'
 */
export function elaborateTrain(
  c: Context,
  { decl, scope }: ScopedSection<TrainDecl>,
  overrides: ReadonlyMap<string, Expr>,
  known: readonly ModelOutput[],
  outputsUnknown: boolean,
  parameters: readonly string[] | undefined,
): TrainSection | undefined {
  const before = c.reporter.errors;
  const outputs = Math.max(1, known.length);
  const entries = new Map<string, Expr>();
  /** Settings that stand there under another name, which has been told. */
  const meant = new Set<string | undefined>();
  for (const { key, value } of decl.entries) {
    const first = decl.entries.find((e) => e.key.name === key.name)?.key ?? key;
    if (!settings.includes(key.name)) meant.add(reportUnknown(c, key.name, key.span, settings));
    else if (first !== key)
      c.report('duplicate-setting', key.span, key, { labels: [firstPlace(first.span)] });
    else entries.set(key.name, value);
  }
  const inner = new Map<string, Expr>();
  const ofOutputs = new Map<string, Expr>();
  for (const [name, expr] of overrides) {
    if (settings.includes(name)) entries.set(name, expr);
    else if (name.includes('.')) ofOutputs.set(name, expr);
    else if (optimizerSettings.includes(name)) inner.set(name, expr);
    else reportUnknown(c, name, expr.span, [...settings, ...optimizerSettings]);
  }
  const env = new Env(scope);
  const r = new SettingReader(c, env);
  const needed = <T>(name: string, read: (expr: Expr) => T | undefined): T | undefined => {
    const expr = entries.get(name);
    if (expr) return read(expr);
    if (!meant.has(name)) c.report('missing-setting', decl.name.span, { section: decl.name.name, name });
    return undefined;
  };
  const optional = <T>(name: string, otherwise: T, read: (expr: Expr) => T | undefined): T | undefined => {
    const expr = entries.get(name);
    return expr ? read(expr) : otherwise;
  };
  const heads = outputsOf(r, env, decl, ofOutputs, { outputs: known, unknown: outputsUnknown });
  // What is described is meant to be trained, unless `supervise` says otherwise.
  const first = Array.from({ length: outputs }, (_, i) => (i === 0 || heads.has(known[i].name) ? 1 : 0));
  const shared = optional('supervise', first, (e) => supervision(r, e, outputs, outputsUnknown));
  const supervise = shared?.map((weight, i) => heads.get(known[i]?.name ?? '')?.weight ?? weight);
  const own = known.length > 0 && known.every(({ name }, i) => !supervise?.[i] || heads.get(name)?.loss);
  const readLoss = (e: Expr) => lossTerms(r, e);
  const loss = own ? optional('loss', [], readLoss) : needed('loss', readLoss);
  const opt = needed('optimizer', (e) => optimizer(r, e, inner));
  const sched = optional('schedule', { kind: 'constant' } as const, (e) => schedule(r, e));
  const batch = needed('batch', (e) => r.whole('`batch`', e, 1));
  const accumulate = optional('accumulate', trainDefaults.accumulate, (e) => r.whole('`accumulate`', e, 1));
  const ema = optional('ema', trainDefaults.ema, (e) =>
    r.number('`ema`', e, { least: 0, below: 1, f32: true }),
  );
  const steps = needed('steps', (e) => r.whole('`steps`', e, 1));
  const freeze = optional('freeze', trainDefaults.freeze, (e) => frozen(r, e, parameters));
  const freeze_steps = optional('freeze_steps', trainDefaults.freeze_steps, (e) =>
    r.whole('`freeze_steps`', e, 0),
  );
  const validate = optional('validate', 0, (e) => r.whole('`validate`', e, 0));
  // As many as nnU-Net takes.
  const validate_batches = optional('validate_batches', trainDefaults.validate_batches, (e) =>
    r.whole('`validate_batches`', e, 1),
  );
  // nnU-Net's 80:20, where there is anything to validate.
  const held = optional('holdout', validate ? 0.2 : 0, (e) => holdout(r, e, validate ?? 0));
  const score_decay = optional('score_decay', trainDefaults.score_decay, (e) =>
    r.number('`score_decay`', e, { least: 0, below: 1 }),
  );
  const patience = optional('patience', trainDefaults.patience, (e) => r.whole('`patience`', e, 0));
  const foreground = optional('foreground', trainDefaults.foreground, (e) =>
    r.number('`foreground`', e, { least: 0, most: 1 }),
  );
  const augment = optional('augment', [], (e) => augmentTerms(r, e));
  const inputs = optional('inputs', undefined, (e) => {
    const groups = r.groups('`inputs`', 'an entry of `inputs`', e);
    return groups && { groups, span: e.span };
  });
  const seed = optional('seed', trainDefaults.seed, (e) => r.whole('`seed`', e, 0));
  if (loss && supervise) {
    const outputs = outputsUnknown ? [] : known;
    checkComparisons(c, { section: decl.name.span, shared: loss, heads, outputs, weights: supervise });
  }
  if (c.reporter.errors > before || !loss || !supervise || !opt || !sched || !augment) return undefined;
  if (batch === undefined || steps === undefined || validate === undefined) return undefined;
  if (validate_batches === undefined) return undefined;
  if (accumulate === undefined || ema === undefined || score_decay === undefined) return undefined;
  if (freeze === undefined || freeze_steps === undefined) return undefined;
  if (patience === undefined || held === undefined || foreground === undefined || seed === undefined)
    return undefined;
  return {
    name: decl.name.name,
    model: decl.model.name,
    loss: loss.map(({ term }) => term),
    supervise,
    ...(heads.size > 0 && { heads: headsOf(heads) }),
    ...(inputs && { inputs }),
    optimizer: opt,
    schedule: sched,
    batch,
    accumulate,
    steps,
    ema,
    freeze,
    freeze_steps,
    validate,
    validate_batches,
    holdout: held,
    score_decay,
    patience,
    foreground,
    augment,
    seed,
    span: decl.span,
  };
}

/** Reports a setting that there is not; the one that is most likely meant. */
function reportUnknown(c: Context, name: string, span: Span, known: readonly string[]): string | undefined {
  const near = nearestArgument(name, known);
  c.report(
    'unknown-setting',
    span,
    { what: 'a train section', name, settings: known.join(', ') },
    near ? { hint: `\`${near}\`` } : {},
  );
  return near;
}
