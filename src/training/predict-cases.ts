import type { CaseFiles } from '../data/case.ts';
import { CaseThread } from '../data/case-thread.ts';
import { type CaseWork, workHere } from '../data/case-work.ts';
import type { LabelClass } from '../data/labelling.ts';
import type { CaseData, Reading } from '../data/prepared-case.ts';
import { withWayBack } from '../data/prepared-image.ts';
import type { HowToSegment } from '../evaluation/predict-case.ts';
import { type Segmenter, segmentTogether } from './predict.ts';
import { releaseMemory } from './release-memory.ts';

/** Larger cases than this, in bytes once prepared, have the memory for themselves. */
export const MAX_BESIDE = 2 ** 27;

/** A case to be predicted, and where to. */
export interface CaseToPredict {
  readonly files: CaseFiles;
  /** Of the label map. */
  readonly path: string;
  /** What it takes once it is prepared for one network, see preparedBytes. */
  readonly bytes: number;
}

export interface PredictCasesOptions extends HowToSegment {
  /** They segment together. All read as many channels, and have the same classes. */
  readonly segmenters: readonly Segmenter[];
  readonly channels: number;
  /** How each of them reads a case. */
  readonly readings: readonly Reading[];
  /** What values stand for class ids in label maps; absent: themselves. */
  readonly classes: readonly LabelClass[] | undefined;
  /** Instead of {@link MAX_BESIDE}; 0: the next case is begun when one is written. */
  readonly maxBeside?: number;
  /** Called in order, when a label map is written. */
  readonly onWritten?: (index: number) => void;
}

/** Who prepares and writes cases: the caller's thread, and one that is started where cases are small enough. */
export interface Workers {
  readonly here: CaseWork;
  start(): CaseWork & { close(): Promise<void> };
}

const workers: Workers = { here: workHere, start: () => new CaseThread() };

/**
 * Predicts cases one after the other, and writes their label maps. While the device computes, a thread reads and prepares
 * the next case and writes the map of the one before; cases of more than `maxBeside` bytes are prepared and written with
 * nothing else in memory. What is written, and in which order, is the same either way.
 *
 * @throws as readCase, segmentTogether and writeLabels; all maps of the cases before the one that failed are written
 */
export async function predictCases(
  cases: readonly CaseToPredict[],
  options: PredictCasesOptions,
  { here, start } = workers,
): Promise<void> {
  const { segmenters, channels, classes, maxBeside = MAX_BESIDE, onWritten } = options;
  // Made once for those networks that read a case alike.
  const readings = options.readings.map(({ plan, transpose_forward }) => ({ plan, transpose_forward }));
  const keys = readings.map((reading) => JSON.stringify(reading));
  const ways = [...new Set(keys)].map((key) => keys.indexOf(key));
  const isSmall = (i: number) => cases[i].bytes * ways.length <= maxBeside;
  /** Whether cases i − 1 and i are in memory together. */
  const overlap = (i: number) => i > 0 && i < cases.length && isSmall(i - 1) && isSmall(i);
  const thread = cases.some((_, i) => overlap(i)) ? start() : undefined;
  /** Who does what may go on while case i − 1 is in memory. */
  const workOf = (i: number): CaseWork => (overlap(i) && thread) || here;

  const prepare = (i: number) => {
    const toDo = { files: cases[i].files, channels, readings: ways.map((way) => readings[way]) };
    return handled(workOf(i).prepare(toDo));
  };
  const write = async (i: number, labels: Uint8Array) => {
    const { path, files } = cases[i];
    await workOf(i + 1).write({ path, labels, classes, like: files.images[0] });
    if (!isSmall(i)) releaseMemory();
    onWritten?.(i);
  };
  let ahead: Promise<readonly CaseData[]> | undefined;
  let behind: Promise<void> = Promise.resolve();
  const segment = async (i: number) => {
    if (!overlap(i)) await behind;
    const images = (await (ahead ?? prepare(i))).map(withWayBack);
    ahead = overlap(i + 1) ? prepare(i + 1) : undefined;
    const read = keys.map((key) => images[ways.findIndex((way) => keys[way] === key)]);
    return segmentTogether(segmenters, read, options);
  };
  try {
    for (let i = 0; i < cases.length; i++) {
      // Whatever becomes of this case, the one before is to be written; and where that fails, it is what failed first.
      const labels = await segment(i).finally(() => behind);
      behind = handled(write(i, labels));
    }
    await behind;
  } finally {
    await thread?.close();
  }
}

/** A promise that is awaited later: that it fails before is no error of the process. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
