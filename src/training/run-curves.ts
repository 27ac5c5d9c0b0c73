import type { Point } from '../report/chart.ts';
import { writeFileAtomic } from '../tensors/atomic-file.ts';
import type { History, ValidationRecord } from './history.ts';
import type { TrainingTask } from './task.ts';
import { scoredClasses } from './validation-report.ts';

/** What draws is large, and nothing that training waits for. */
export const drawing = () => import('../report/loss-plot.ts');

/** A curve's file in the run's folder, and its SVG text. */
export interface Curve {
  readonly file: 'loss.svg' | 'validation.svg' | 'learning_rate.svg';
  readonly svg: string;
}

export const curveFiles: readonly Curve['file'][] = ['loss.svg', 'validation.svg', 'learning_rate.svg'];

/** Draws the course of a run; nothing where no step is done. */
export async function runCurves(
  { steps, validations }: History,
  task: Pick<TrainingTask, 'score' | 'predicted'>,
  name: string,
): Promise<Curve[]> {
  if (steps.length === 0) return [];
  const { lossPlot, ratePlot, scorePlot } = await drawing();
  const title = `${name}: ${steps.length} steps`;
  const learningRate = steps.map(({ rate }, i) => [i + 1, rate] as const);
  const validated = (value: (found: ValidationRecord) => number): Point[] =>
    validations.map((found) => [found.step, value(found)]);
  const mean = validated(({ score }) => score);
  const classes = scoredClasses(task).map((found, k) => ({
    name: found.title,
    points: validated((record) => record.classes?.[k] ?? Number.NaN),
  }));
  const loss = lossPlot({
    title,
    loss: steps.map((step, i) => [i + 1, step.loss] as const),
    learningRate,
    ...(validations.length > 0 && {
      validationLoss: validated((found) => found.loss),
      validationScore: { name: task.score, points: mean },
    }),
  });
  const curves: Curve[] = [{ file: 'loss.svg', svg: loss }];
  if (validations.length > 0)
    curves.push({ file: 'validation.svg', svg: scorePlot({ title, score: task.score, mean, classes }) });
  return [...curves, { file: 'learning_rate.svg', svg: ratePlot(title, learningRate) }];
}

/** Writes the curves into a run's folder. */
export function writeCurves(curves: readonly Curve[], place: (file: string) => string): void {
  for (const { file, svg } of curves) writeFileAtomic(place(file), svg);
}
