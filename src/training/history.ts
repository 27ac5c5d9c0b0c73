import type { Tensor } from '../tensors/tensor.ts';

/** What a step told the host. */
export interface StepRecord {
  readonly loss: number;
  /** Learning rate that the step was made with. */
  readonly rate: number;
  /** Norm of all gradients before clipping. */
  readonly gradNorm: number;
}

/** What a validation found. */
export interface ValidationRecord {
  /** Steps done by then. */
  readonly step: number;
  readonly loss: number;
  /** Pseudo-Dice, or accuracy of a classifier; NaN where it is not defined. */
  readonly score: number;
  /**
   * The same of each class: pseudo-Dice of those but the background, or of regions, or accuracy of all; NaN where it is not
   * defined.
   * Absent where an older archc validated.
   */
  readonly classes?: readonly number[];
  /** By name, of the first output with each other target; absent where there are none. */
  readonly heads?: Readonly<Record<string, number>>;
}

/** The course of a run so far: steps 1, 2, … and validations, both in order. */
export interface History {
  readonly steps: readonly StepRecord[];
  readonly validations: readonly ValidationRecord[];
}

/** As tensors of a checkpoint. */
export function historyEntries({ steps, validations }: History): [string, Tensor][] {
  const column = (key: keyof StepRecord): Tensor => ({
    dtype: 'F64',
    shape: [steps.length],
    data: Float64Array.from(steps, (s) => s[key]),
  });
  const found = validations.flatMap(({ step, loss, score }) => [step, loss, score]);
  return [
    ['losses', column('loss')],
    ['learning_rates', column('rate')],
    ['gradient_norms', column('gradNorm')],
    ['validations', { dtype: 'F64', shape: [validations.length, 3], data: Float64Array.from(found) }],
    ['validation_classes', classScores(validations)],
    ...headEntries(validations),
  ];
}

/** Before the name of an output whose scores a tensor holds, in the order of the validations. */
const HEAD = 'validations/';

function headEntries(validations: readonly ValidationRecord[]): [string, Tensor][] {
  const names = Object.keys(validations[0]?.heads ?? {});
  return names.map((name) => {
    const data = Float64Array.from(validations, ({ heads = {} }) => heads[name]);
    return [`${HEAD}${name}`, { dtype: 'F64', shape: [validations.length], data }];
  });
}

/** A row a validation, NaN where it has no scores of classes. */
function classScores(validations: readonly ValidationRecord[]): Tensor {
  const classes = Math.max(0, ...validations.map((found) => found.classes?.length ?? 0));
  const rows = validations.map((found) => found.classes ?? new Array<number>(classes).fill(Number.NaN));
  return { dtype: 'F64', shape: [validations.length, classes], data: Float64Array.from(rows.flat()) };
}

/** The inverse; `undefined` where the tensors are not those of a run of `steps` steps. */
export function historyOf(tensors: ReadonlyMap<string, Tensor>, steps: number): History | undefined {
  const column = (name: string) => {
    const tensor = tensors.get(name);
    return tensor?.dtype === 'F64' && tensor.data.length === steps ? tensor.data : undefined;
  };
  const [losses, rates, norms] = ['losses', 'learning_rates', 'gradient_norms'].map(column);
  const found = tensors.get('validations');
  if (!losses || !rates || !norms || found?.dtype !== 'F64' || found.data.length % 3 !== 0) return undefined;
  const number = (from: Tensor['data'], i: number) => Number(from[i]);
  const scores = tensors.get('validation_classes');
  const count = scores?.dtype === 'F64' && scores.shape[0] === found.shape[0] ? scores.shape[1] : 0;
  const classesAt = (i: number) =>
    Array.from({ length: count }, (_, k) => number(scores!.data, i * count + k));
  const heads = [...tensors].filter(([name]) => name.startsWith(HEAD));
  const headsOf = (i: number) => ({
    heads: Object.fromEntries(heads.map(([name, { data }]) => [name.slice(HEAD.length), number(data, i)])),
  });
  return {
    steps: Array.from({ length: steps }, (_, i) => ({
      loss: number(losses, i),
      rate: number(rates, i),
      gradNorm: number(norms, i),
    })),
    validations: Array.from({ length: found.data.length / 3 }, (_, i) => ({
      step: number(found.data, 3 * i),
      loss: number(found.data, 3 * i + 1),
      score: number(found.data, 3 * i + 2),
      ...(count > 0 && { classes: classesAt(i) }),
      ...(heads.length > 0 && headsOf(i)),
    })),
  };
}

/**
 * The first of the validations at which the running mean of the scores is highest; `undefined` where none has a score.
 *
 * @param decay of the mean, which begins with the first score; 0 for each score by itself
 */
export function bestOf(
  validations: readonly ValidationRecord[],
  decay: number,
): ValidationRecord | undefined {
  let best: ValidationRecord | undefined;
  let [mean, highest] = [Number.NaN, Number.NEGATIVE_INFINITY];
  for (const found of validations) {
    if (Number.isNaN(found.score)) continue;
    mean = Number.isNaN(mean) ? found.score : decay * mean + (1 - decay) * found.score;
    if (mean > highest) [best, highest] = [found, mean];
  }
  return best;
}
