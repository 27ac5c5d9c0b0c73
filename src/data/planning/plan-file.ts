import { createHash } from 'node:crypto';
import { InputError } from '../../errors.ts';
import { type Normalisation, schemeNames } from '../../recipe/normalisation.ts';
import type { PreprocessingPlan } from '../../recipe/preprocessing.ts';
import { writeFileAtomic } from '../../tensors/atomic-file.ts';
import { readBytes } from '../../tensors/read-file.ts';
import { isAxisOrder } from '../axes.ts';
import type { Dataset } from '../dataset.ts';
import { isLabelling, labellingOf, labellingText } from '../labelling.ts';
import type { Plan } from './plan.ts';

/** Writes a plan as JSON, atomically. Throws InputError `cannot-write`; JobError `write-failed`. */
export function writePlan(path: string, plan: Plan): void {
  writeFileAtomic(path, `${JSON.stringify(plan, null, 1)}\n`);
}

/**
 * Reads a plan that `archc data plan` wrote, and checks all of it that is used.
 *
 * @throws InputError `bad-plan`, and as readBytes
 */
export function readPlan(path: string): Plan {
  const bytes = readBytes(path, 'a plan, as `archc data plan` writes it', MAX_BYTES);
  let plan: unknown;
  try {
    plan = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw bad(path, `is not JSON (${error instanceof Error ? error.message : error})`);
  }
  const wrong = problemOf(plan);
  if (wrong !== undefined) throw bad(path, wrong);
  return plan as Plan;
}

const MAX_BYTES = 2 ** 28;

type Test = (value: unknown) => boolean;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText: Test = (value) => typeof value === 'string';
const isNumber: Test = (value) => Number.isFinite(value);
const isPositive: Test = (value) => Number.isFinite(value) && (value as number) > 0;
const isCount: Test = (value) => Number.isSafeInteger(value) && (value as number) > 0;
const isFlag: Test = (value) => typeof value === 'boolean';
const isList =
  (test: Test, length?: number): Test =>
  (value) =>
    Array.isArray(value) && (length === undefined || value.length === length) && value.every(test);

/** What each kind of normalisation holds beside its name. */
const figures: Readonly<Record<Normalisation['kind'], Readonly<Record<string, Test>>>> = {
  zscore: { masked: isFlag },
  ct: { low: isNumber, high: isNumber, mean: isNumber, std: isNumber },
  rescale_0_1: {},
  rgb_0_1: {},
  none: {},
};

const isNormalisation: Test = (value) => {
  if (!isObject(value)) return false;
  const kind = value['kind'];
  if (typeof kind !== 'string' || !Object.hasOwn(schemeNames, kind)) return false;
  const tests = Object.entries(figures[kind as Normalisation['kind']]);
  return tests.every(([name, test]) => test(value[name]));
};

const fields: Readonly<Record<string, Test>> = {
  name: isText,
  cases: isCount,
  data: isText,
  channels: isList(isText),
  classes: Array.isArray,
  memory: isPositive,
  transpose_forward: isAxisOrder,
  normalisation: isList(isNormalisation),
};

const fields2d: Readonly<Record<string, Test>> = {
  batch_size: isCount,
  patch_size: isList(isCount, 2),
  spacing: isList(isPositive, 2),
  features_per_stage: isList(isCount),
  strides: isList(isList(isCount, 2)),
  kernel_sizes: isList(isList(isCount, 2)),
};

/** Whether a value is what a plan says of preprocessing, for so many channels. */
export function isPreprocessingPlan(value: unknown, channels: number): value is PreprocessingPlan {
  if (!isObject(value) || !isObject(value['plan_2d'])) return false;
  return (
    isAxisOrder(value['transpose_forward']) &&
    isList(isNormalisation, channels)(value['normalisation']) &&
    isList(isPositive, 2)(value['plan_2d']['spacing'])
  );
}

/** What of a plan is preprocessing. */
export function preprocessingOf({ transpose_forward, normalisation, plan_2d }: Plan): PreprocessingPlan {
  return { transpose_forward, normalisation, plan_2d: { spacing: plan_2d.spacing } };
}

/** What is wrong with a plan; `undefined` where nothing is. */
function problemOf(plan: unknown): string | undefined {
  if (!isObject(plan)) return 'is not a JSON object';
  if (plan['version'] !== 1) return `has version ${JSON.stringify(plan['version'])}; 1 is read`;
  const inner = plan['plan_2d'];
  if (!isObject(inner)) return 'has no plan_2d';
  const checks = [
    ...Object.entries(fields).map(([name, test]) => [name, plan[name], test] as const),
    ...Object.entries(fields2d).map(([name, test]) => [`plan_2d.${name}`, inner[name], test] as const),
  ];
  const wrong = checks.find(([, value, test]) => !test(value));
  if (wrong) return `has ${wrong[0]} ${JSON.stringify(wrong[1])?.slice(0, 80)}`;
  if (!isLabelling(plan)) return 'has classes, regions or a value to ignore that do not belong together';
  const { channels, normalisation } = plan as unknown as Plan;
  if (channels.length === normalisation.length) return undefined;
  return `has ${channels.length} channels, but ${normalisation.length} normalisations`;
}

const bad = (path: string, problem: string) =>
  new InputError('bad-plan', `${path}: ${problem}`, 'make it again: archc data plan DIR --output plan.json');

/** A digest of all that preprocessing takes from a plan. */
export function preprocessingDigest(plan: Plan): string {
  const { transpose_forward, normalisation, plan_2d, channels } = plan;
  const { classes, ...more } = labellingOf(plan);
  const parts: unknown[] = [1, transpose_forward, plan_2d.spacing, normalisation, channels, classes];
  if (Object.keys(more).length > 0) parts.push(more);
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/**
 * Checks that a data set has the channels and labels that a plan is for.
 *
 * @throws InputError `plan-mismatch`
 */
export function requirePlanFits(plan: Plan, dataset: Dataset): void {
  const { channels, folder } = dataset;
  for (const [what, planned, found] of [
    ['channels', plan.channels, channels],
    ['labels', [labellingText(plan)], [labellingText(dataset)]],
  ] as const) {
    if (JSON.stringify(planned) === JSON.stringify(found)) continue;
    throw new InputError(
      'plan-mismatch',
      `the plan is for the ${what} ${planned.join(', ')}; ${folder} has ${found.join(', ')}`,
      `make a plan of this data set: archc data plan ${folder}`,
    );
  }
}
