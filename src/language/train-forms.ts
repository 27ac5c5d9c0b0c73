import type { Expr } from '../../grammar/ast.ts';
import { fitsF32 } from './f32.ts';
import type { AugmentSpec, LossTerm, OptimizerSpec, ScheduleSpec } from './model.ts';
import type { Bounds, SettingReader } from './train-values.ts';

/** What a loss is a sum of, with the arguments of each. */
export const lossForms = { cross_entropy: [], dice: ['batch', 'background', 'smooth'] };

/** `cross_entropy + 0.5 * dice(…)`: terms with factors. */
export function lossTerms(r: SettingReader, expr: Expr): LossTerm[] | undefined {
  if (expr.kind === 'binary' && expr.operator === '+') {
    const left = lossTerms(r, expr.left);
    const right = lossTerms(r, expr.right);
    return left && right && [...left, ...right];
  }
  if (expr.kind === 'binary' && expr.operator === '*') {
    const [factor, term] = isForm(expr.right) ? [expr.left, expr.right] : [expr.right, expr.left];
    const weight = r.number('a factor of the loss', factor, { min: 0, open: true, f32: true });
    const terms = lossTerms(r, term);
    if (weight === undefined || !terms) return undefined;
    const factors = terms.map((t) => t.weight * weight);
    // Of nested factors the product counts, which may leave what each of them stays within.
    if (!factors.every((f) => fitsF32(r.c, 'a factor of the loss', f, expr))) return undefined;
    return terms.map((t, i) => ({ ...t, weight: factors[i] }));
  }
  const form = r.form('loss', expr, lossForms);
  if (!form) return undefined;
  const flag = (name: string): boolean | undefined => {
    const e = form.args.get(name);
    return e ? r.bool(`\`${name}\` of dice`, e) : false;
  };
  const smoothExpr = form.args.get('smooth');
  const smooth = smoothExpr ? r.number('`smooth` of dice', smoothExpr, { min: 0, f32: true }) : 1e-5;
  const [batch, background] = [flag('batch'), flag('background')];
  if (batch === undefined || background === undefined || smooth === undefined) return undefined;
  return [{ kind: form.name as LossTerm['kind'], weight: 1, batch, background, smooth }];
}

const isForm = (e: Expr): boolean =>
  e.kind === 'name' || (e.kind === 'call' && e.callee.kind === 'name' && e.callee.name in lossForms);

export const supervisionForms = { halving: ['last'], weights: ['values'] };

/** One weight an output, normalised to sum 1. */
export function supervision(
  r: SettingReader,
  expr: Expr,
  outputs: number,
  outputsUnknown: boolean,
): number[] | undefined {
  const form = r.form('supervision', expr, supervisionForms);
  if (!form) return undefined;
  let weights: number[];
  if (form.name === 'halving') {
    const last = form.args.get('last');
    const weight = last ? r.number('`last` of halving', last, { min: 0, f32: true }) : undefined;
    if (last && weight === undefined) return undefined;
    weights = Array.from({ length: outputs }, (_, i) =>
      i > 0 && i === outputs - 1 && weight !== undefined ? weight : 2 ** -i,
    );
  } else {
    const values = form.args.get('values');
    if (!values) return r.missing('weights', 'values', form.span);
    const given = r.numbers('`weights`', values, { min: 0, f32: true });
    if (!given) return undefined;
    if (outputsUnknown) return given;
    if (given.length !== outputs) {
      r.c.report('supervise-length', values.span, { outputs, found: given.length });
      return undefined;
    }
    weights = given;
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

export const optimizerForms = {
  adamw: ['lr', 'weight_decay', 'betas', 'eps', 'clip'],
  adam: ['lr', 'weight_decay', 'betas', 'eps', 'clip'],
  sgd: ['lr', 'momentum', 'nesterov', 'weight_decay', 'clip'],
};

/** Defaults are those of torch.optim; `overrides` come from --set train.lr=… */
export function optimizer(
  r: SettingReader,
  expr: Expr,
  overrides: ReadonlyMap<string, Expr>,
): OptimizerSpec | undefined {
  const form = r.form('optimizer', expr, optimizerForms);
  if (!form) return undefined;
  const kind = form.name as OptimizerSpec['kind'];
  const args = new Map([...form.args, ...overrides]);
  for (const [name, e] of overrides) {
    if (optimizerForms[kind].includes(name)) continue;
    r.c.report('unknown-argument', e.span, {
      callee: `\`${kind}\``,
      name,
      arguments: optimizerForms[kind].join(', '),
    });
    return undefined;
  }
  const what = (name: string) => `\`${name}\` of ${kind}`;
  const number = (name: string, otherwise: number, bounds: Bounds): number | undefined => {
    const e = args.get(name);
    return e ? r.number(what(name), e, bounds) : otherwise;
  };
  if (!args.has('lr')) return r.missing(kind, 'lr', form.span);
  const lr = number('lr', 0, { min: 0, f32: true });
  const weightDecay = number('weight_decay', kind === 'adamw' ? 0.01 : 0, { min: 0, f32: true });
  const eps = number('eps', 1e-8, { min: 0, f32: true });
  const momentum = number('momentum', 0, { min: 0, f32: true });
  const betasExpr = args.get('betas');
  const betas = betasExpr ? r.numbers(what('betas'), betasExpr, { min: 0, max: 1 - 1e-12 }) : [0.9, 0.999];
  const nesterovExpr = args.get('nesterov');
  const nesterov = nesterovExpr ? r.bool(what('nesterov'), nesterovExpr) : false;
  const clipExpr = args.get('clip');
  const clip = clipExpr ? r.number(what('clip'), clipExpr, { min: 0, open: true, f32: true }) : undefined;
  if (betas && betas.length !== 2) {
    r.c.report('wrong-length', betasExpr?.span ?? form.span, {
      what: what('betas'),
      expected: 2,
      found: betas.length,
    });
    return undefined;
  }
  if (nesterov && momentum === 0) {
    r.c.report('illegal-value', nesterovExpr?.span ?? form.span, {
      what: what('nesterov'),
      expected: 'false without momentum',
      found: 'true',
    });
    return undefined;
  }
  if (lr === undefined || weightDecay === undefined || eps === undefined || momentum === undefined)
    return undefined;
  if (!betas || nesterov === undefined || (clipExpr && clip === undefined)) return undefined;
  return { kind, lr, weightDecay, betas: [betas[0], betas[1]], eps, momentum, nesterov, clip };
}

export const scheduleForms = { constant: [], cosine: ['to', 'warmup'], poly: ['power', 'warmup'] };

export function schedule(r: SettingReader, expr: Expr): ScheduleSpec | undefined {
  const form = r.form('schedule', expr, scheduleForms);
  if (!form) return undefined;
  const warmupExpr = form.args.get('warmup');
  const warmup = warmupExpr ? r.whole('`warmup`', warmupExpr, 0) : 0;
  if (form.name === 'constant') return { kind: 'constant' };
  if (form.name === 'cosine') {
    const toExpr = form.args.get('to');
    const to = toExpr ? r.number('`to` of cosine', toExpr, { min: 0, f32: true }) : 0;
    return to === undefined || warmup === undefined ? undefined : { kind: 'cosine', to, warmup };
  }
  const powerExpr = form.args.get('power');
  const power = powerExpr ? r.number('`power` of poly', powerExpr, { min: 0, open: true }) : 0.9;
  return power === undefined || warmup === undefined ? undefined : { kind: 'poly', power, warmup };
}

/** The share of cases that is held back, or the ids of those that are. */
export function holdout(r: SettingReader, expr: Expr, validate: number): number | string[] | undefined {
  const listed = expr.kind === 'list';
  const value = listed ? r.strings('`holdout`', expr) : r.number('`holdout`', expr, { min: 0 });
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

export const augmentForms = {
  flips: [],
  rotations90: [],
  brightness: ['range', 'probability'],
  contrast: ['range', 'probability'],
};

/** `flips + brightness(0.3)`. */
export function augmentations(r: SettingReader, expr: Expr): AugmentSpec[] | undefined {
  if (expr.kind === 'binary' && expr.operator === '+') {
    const left = augmentations(r, expr.left);
    const right = augmentations(r, expr.right);
    return left && right && [...left, ...right];
  }
  const form = r.form('augmentation', expr, augmentForms);
  if (!form) return undefined;
  if (form.name === 'flips' || form.name === 'rotations90') return [{ kind: form.name }];
  const kind = form.name as 'brightness' | 'contrast';
  const rangeExpr = form.args.get('range');
  if (!rangeExpr) return r.missing(kind, 'range', form.span);
  const range = r.number(`\`range\` of ${kind}`, rangeExpr, { min: 0, max: 1 });
  const probabilityExpr = form.args.get('probability');
  const probability = probabilityExpr
    ? r.number(`\`probability\` of ${kind}`, probabilityExpr, { min: 0, max: 1 })
    : 0.15;
  return range === undefined || probability === undefined ? undefined : [{ kind, range, probability }];
}
