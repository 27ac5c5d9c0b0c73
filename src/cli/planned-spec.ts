import type { TrainDecl } from '../../grammar/ast.ts';
import { SpecError } from '../compiler/spec-error.ts';
import { targetOfLabels } from '../data/labelling.ts';
import type { Plan } from '../data/planning/plan.ts';
import { InputError } from '../errors.ts';
import { openSpec, specOpener } from '../files/open.ts';
import { shippedNames } from '../files/spec-files.ts';
import type { ElaboratedModel } from '../language/model.ts';
import { REGION_LOSS } from '../recipe/losses.ts';

/** nnU-Net's share of patches that show foreground, and its augmentations. */
const FOREGROUND = 0.33;
const AUGMENT = [
  'rotation + scaling + flips + gaussian_noise + gaussian_blur',
  'brightness(0.25, channels: 1) + contrast(0.25, channels: 1)',
  'low_resolution + inverted_gamma + gamma',
].join(' + ');
/** nnU-Net's validation after each of its epochs, of 250 steps, on the first of five folds. */
const VALIDATION = ['validate = 250', 'holdout = fold(0)', 'score_decay = 0.9'];
const FOLDS = 5;
/** What networks may need sizes to be divisible by. */
const DIVISORS = [1, 2, 4, 8, 16, 32, 64, 128];

/** A spec for a data set, and what of the plan it cannot say. */
export interface PlannedSpec {
  readonly text: string;
  readonly remarks: readonly string[];
}

type Settings = ReadonlyMap<string, string>;

/**
 * Checks that a network can be planned for: it is shipped, and segments images.
 *
 * @throws InputError `file-not-found`, `plan-unsupported`
 */
export function requirePlannable(name: string): ElaboratedModel {
  if (!shippedNames().includes(name)) {
    throw new InputError(
      'file-not-found',
      `there is no shipped network ${name}`,
      `one of ${shippedNames().join(', ')}`,
    );
  }
  const { model } = specOpener(name)();
  if (model.outputs[0].dims.length !== 4) {
    throw new InputError(
      'plan-unsupported',
      `${name} is a classifier; a plan is for networks that segment`,
      `one of ${shippedNames()
        .filter((other) => other !== name)
        .join(', ')}`,
    );
  }
  return model;
}

/**
 * A spec that extends a shipped one with the parameters that the plan asks for, and with the network's own recipe for the
 * plan's batches.
 *
 * @throws InputError as {@link requirePlannable}; `plan-unsupported` where its parameters cannot be set for the plan
 */
export function plannedSpec(name: string, plan: Plan): PlannedSpec {
  const base = requirePlannable(name);
  const remarks: string[] = [];
  const settings = new Map([
    ['in_channels', String(plan.channels.length)],
    ['classes', String(targetOfLabels(plan).names.length)],
  ]);
  const features = featuresFor(name, base, plan, remarks);
  if (features) settings.set('features', `<${features.join(', ')}>`);
  const size = sizeFor(name, settings, plan);
  settings.set('size', `<${size.join(', ')}>`);
  const { patch_size: patch } = plan.plan_2d;
  if (size.some((edge, a) => edge !== patch[a])) {
    remarks.push(`${name} takes no images of ${patch.join('×')}; patches are ${size.join('×')} instead`);
  }
  return { text: specText(name, base, settings, plan, remarks), remarks };
}

/** The plan's features where the network has such a parameter: as many stages as halve both axes, as it does. */
function featuresFor(name: string, base: ElaboratedModel, plan: Plan, remarks: string[]) {
  const { features_per_stage: features, strides } = plan.plan_2d;
  if (!('features' in base.config)) {
    remarks.push(
      `${name} has no parameter for the plan's features, ${features.join(', ')}; it keeps its own widths`,
    );
    return undefined;
  }
  const uneven = strides.findIndex(([y, x], s) => s > 0 && (y !== 2 || x !== 2));
  if (uneven < 0) return features;
  remarks.push(
    `stage ${uneven + 1} of the plan divides by ${strides[uneven].join('×')}; ${name} halves both axes, and has the ${uneven} stages before it alone`,
  );
  return features.slice(0, uneven);
}

/** The least size from the patch's up that the network takes. */
function sizeFor(name: string, settings: Settings, plan: Plan): readonly number[] {
  const { patch_size: patch } = plan.plan_2d;
  const open = specOpener(name);
  let refused: SpecError | undefined;
  for (const divisor of DIVISORS) {
    const size = patch.map((edge) => Math.ceil(edge / divisor) * divisor);
    try {
      open({ set: { ...Object.fromEntries(settings), size: `<${size.join(', ')}>` } });
      return size;
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      refused = error;
    }
  }
  throw new InputError(
    'plan-unsupported',
    `${name} cannot be set for patches of ${patch.join('×')} in ${plan.plan_2d.n_stages} stage(s): ${refused?.diagnostics[0]?.message}`,
    'another network',
  );
}

function specText(
  name: string,
  base: ElaboratedModel,
  settings: Settings,
  plan: Plan,
  remarks: readonly string[],
): string {
  const own = new Map(ownRecipe(name, base.name));
  if (plan.regions) own.set('loss', REGION_LOSS);
  const line = (key: string) => (own.has(key) ? [`  ${key} = ${own.get(key)}`] : []);
  return [
    `import { ${base.name} } from "archc/${name}.arch"`,
    '',
    `/// ${base.name} for the data set ${oneLine(plan.name)}, by its plan for ${plan.memory / 1e9} GB.`,
    ...remarks.map((remark) => `/// ${remark}.`),
    `model Planned extends ${base.name}(`,
    `  ${[...settings].map(([key, value]) => `${key}: ${value}`).join(', ')},`,
    ') {}',
    '',
    `/// The recipe of the network, with ${plan.regions ? 'loss, ' : ''}batches, foreground, augmentation and validation as in nnU-Net.`,
    'train Default for Planned {',
    ...['loss', 'supervise', 'optimizer', 'schedule'].flatMap(line),
    `  augment = ${AUGMENT}`,
    `  foreground = ${FOREGROUND}`,
    `  batch = ${plan.plan_2d.batch_size}`,
    ...line('steps'),
    ...(plan.cases < FOLDS ? [] : VALIDATION.map((setting) => `  ${setting}`)),
    '}',
    '',
  ].join('\n');
}

/** The settings of the model's first train section, as they are written. */
function ownRecipe(name: string, model: string): ReadonlyMap<string, string> {
  const { loaded } = openSpec(name);
  const { module } = loaded.modules.get(loaded.entry)!;
  const source = loaded.sources.get(loaded.entry)!;
  const section = module.declarations.find(
    (d): d is TrainDecl => d.kind === 'train' && d.model.name === model,
  );
  const entries = section?.entries ?? [];
  return new Map(entries.map(({ key, value }) => [key.name, source.slice(value.span.start, value.span.end)]));
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ');
