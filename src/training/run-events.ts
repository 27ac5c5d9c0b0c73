import type { EventFile } from '../report/event-file.ts';
import { eventFiles } from '../report/event-names.ts';
import type { RunState } from './checkpoint.ts';
import type { StepRecord, ValidationRecord } from './history.ts';

/** Scalars of a run for TensorBoard: an event file for its start, and one for each time that it went on. */
export class RunEvents {
  readonly #file: EventFile;

  private constructor(file: EventFile) {
    this.#file = file;
  }

  /**
   * Begins a file. Where a run goes on, it voids what others have of the steps that are made again; where there are
   * no others, it takes in the steps before.
   *
   * @param asked for; a run that has such files goes on writing them all the same
   * @returns `undefined` where nobody asked for them
   */
  static async open(
    folder: string,
    asked: boolean,
    resume: RunState | undefined,
  ): Promise<RunEvents | undefined> {
    const before = eventFiles(folder).length;
    if (!asked && (resume === undefined || before === 0)) return undefined;
    // It brings the packages for their format.
    const { EventFile } = await import('../report/event-file.ts');
    const events = new RunEvents(new EventFile(folder));
    if (before > 0) events.#file.restart((resume?.step ?? 0) + 1);
    else if (resume) events.#all(resume);
    return events;
  }

  step(step: number, { loss, rate, gradNorm }: StepRecord): void {
    this.#file.scalars(step, { 'train/loss': loss, learning_rate: rate, gradient_norm: gradNorm });
  }

  validation({ step, loss, score }: ValidationRecord): void {
    this.#file.scalars(step, { 'validation/loss': loss, 'validation/score': score });
  }

  close(): void {
    this.#file.close();
  }

  #all({ history }: RunState): void {
    for (const [i, record] of history.steps.entries()) this.step(i + 1, record);
    for (const record of history.validations) this.validation(record);
  }
}
