import type { ElaboratedModel, TrainSection } from '../language/model.ts';
import type { TrainingCurves } from '../report/loss-plot.ts';
import { bestOf, type History, type ValidationRecord } from './history.ts';
import type { DataIdentity } from './identity.ts';
import type { TaskData, TrainingTask } from './task.ts';
import { Validator } from './validation.ts';

/** The validations of a run. */
export interface ValidationReport {
  /** What the scores are. */
  readonly score: TrainingTask['score'];
  /** Ids of the cases that were validated on. */
  readonly held_back: readonly string[];
  readonly validations: readonly ValidationRecord[];
  /** The validation whose weights `best.safetensors` holds; `null` where none had a score. */
  readonly best: ValidationRecord | null;
}

/** `undefined` where no cases are held back. */
export function validationReport(
  { score }: TrainingTask,
  { held_back }: DataIdentity,
  { validations }: History,
  { score_decay }: TrainSection,
): ValidationReport | undefined {
  if (held_back.length === 0) return undefined;
  return { score, held_back, validations, best: bestOf(validations, score_decay) ?? null };
}

/** What validations add to the curves of a run. */
export function validationCurves(
  name: TrainingTask['score'],
  validations: readonly ValidationRecord[],
): Pick<TrainingCurves, 'validationLoss' | 'validationScore'> {
  if (validations.length === 0) return {};
  return {
    validationLoss: validations.map(({ step, loss }) => [step, loss] as const),
    validationScore: { name, points: validations.map(({ step, score }) => [step, score] as const) },
  };
}

/** Cases named in a line. */
const SHOWN = 8;

/** Which cases are held back, and whether they will be looked at. */
export function heldBackText({ validate }: TrainSection, data: DataIdentity, steps: number): string {
  const { held_back: held, cases } = data;
  const ids = `${held.slice(0, SHOWN).join(', ')}${held.length > SHOWN ? ', …' : ''}`;
  const all = `${held.length} of ${held.length + cases} cases are held back from training: ${ids}`;
  if (validate === 0) return `${all}; \`validate = 0\`: nothing is validated`;
  return validate > steps
    ? `${all}; \`validate = ${validate}\` is more than the ${steps} steps: none is validated`
    : all;
}

/** What validates a run; `undefined` where its section asks for none. */
export function validatorOf(
  { predictor, section }: { readonly predictor: ElaboratedModel; readonly section: TrainSection },
  { validation }: TaskData,
): Validator | undefined {
  return section.validate === 0 || !validation ? undefined : new Validator(predictor, validation);
}
