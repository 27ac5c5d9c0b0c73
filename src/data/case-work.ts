import type { CaseFiles } from './case.ts';
import { writeLabels } from './image.ts';
import { type LabelClass, labelValues } from './labelling.ts';
import { type CaseData, type Reading, readCase } from './prepared-case.ts';

/** To be read and made ready. */
export interface ToPrepare {
  readonly files: CaseFiles;
  readonly channels: number;
  /** One for each way in which it is wanted. */
  readonly readings: readonly Reading[];
}

/** Predicted, to be written; see writeLabels. */
export interface ToWrite {
  readonly path: string;
  /** Class ids. */
  readonly labels: Uint8Array;
  /** What values stand for them; absent: themselves. */
  readonly classes: readonly LabelClass[] | undefined;
  readonly like: string;
}

/** What is done to cases beside predicting them, in one thread or another. */
export interface CaseWork {
  /**
   * The case in each of the ways.
   *
   * @throws InputError as readCase
   */
  prepare(work: ToPrepare): Promise<readonly CaseData[]>;
  /** `labels` are not to be used any more. Throws InputError as writeLabels. */
  write(work: ToWrite): Promise<void>;
}

/** Prepares a case at once, see {@link CaseWork}. */
export function prepareNow({ files, channels, readings }: ToPrepare): readonly CaseData[] {
  return readings.map((one) => readCase(files, { channels }, one.plan, one.transpose_forward));
}

/** Writes a case at once, see {@link CaseWork}. */
export function writeNow({ path, labels, classes, like }: ToWrite): void {
  writeLabels(path, labelValues(labels, classes), like);
}

/** Does all in the caller's thread. */
export const workHere: CaseWork = {
  prepare: async (work) => prepareNow(work),
  write: async (work) => writeNow(work),
};
