import { paintedIds } from '../data/labelling.ts';
import type { ElaboratedModel, TrainSection } from '../language/model.ts';
import { bestOf, type History, type ValidationRecord } from './history.ts';
import type { DataIdentity } from './identity.ts';
import type { TaskData, TrainingTask } from './task.ts';
import { Validator } from './validation.ts';
import { ValidationPictures } from './validation-pictures.ts';

/** The validations of a run. */
export interface ValidationReport {
  /** What the scores are. */
  readonly score: TrainingTask['score'];
  /** Names of the classes, or regions, that have scores of their own. */
  readonly classes: readonly string[];
  /** Ids of the cases that were validated on. */
  readonly held_back: readonly string[];
  readonly validations: readonly ValidationRecord[];
  /** The validation whose weights `best.safetensors` holds; `null` where none had a score. */
  readonly best: ValidationRecord | null;
}

/** `undefined` where no cases are held back. */
export function validationReport(
  task: TrainingTask,
  { held_back }: DataIdentity,
  { validations }: History,
  { score_decay }: TrainSection,
): ValidationReport | undefined {
  if (held_back.length === 0) return undefined;
  const best = bestOf(validations, score_decay) ?? null;
  const classes = scoredClasses(task).map(({ name }) => name);
  return { score: task.score, classes, held_back, validations, best };
}

/** What validations score one by one, and its title, unlike the others: regions, else of pixels all classes but the background. */
export function scoredClasses({ score, predicted }: Pick<TrainingTask, 'score' | 'predicted'>): {
  readonly title: string;
  readonly name: string;
}[] {
  const { classes, regions } = predicted.labelling;
  if (regions) return regions.map(({ name }) => ({ title: name, name }));
  const all = classes.map(({ name }, id) => ({ title: `${id} ${name}`, name }));
  return score === 'accuracy' ? all : all.slice(1);
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

/**
 * What validates a run; `undefined` where its section asks for none.
 *
 * @param folder of the run
 */
export function validatorOf(
  { predictor, section }: { readonly predictor: ElaboratedModel; readonly section: TrainSection },
  { predicted, inputs }: TrainingTask,
  { validation, shown }: TaskData,
  folder: string,
): Validator | undefined {
  if (section.validate === 0 || !validation) return undefined;
  const { labelling, ids } = predicted;
  const pictures =
    shown && new ValidationPictures(folder, predictor, shown(), inputs, paintedIds(labelling), ids);
  return new Validator(predictor, section, validation, inputs, pictures);
}
