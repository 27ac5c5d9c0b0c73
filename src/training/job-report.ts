import type { ElaboratedModel } from '../language/model.ts';
import { storedTensors } from '../language/model.ts';
import { writeFileAtomic } from '../tensors/atomic-file.ts';
import { writeSafetensors } from '../tensors/safetensors.ts';
import { type StoredData, storedTensor } from '../tensors/tensor.ts';
import type { PretrainedReport } from './pretrained.ts';
import type { PretrainedRow } from './pretrained-match.ts';
import type { ProfileReport } from './profile.ts';
import type { RunFolder } from './run-folder.ts';
import type { TaskResult } from './task.ts';
import type { TrainResult } from './train.ts';
import { type TrainedOn, weightsMetadata } from './trained-on.ts';
import type { ValidationReport } from './validation-report.ts';

export interface JobReport extends TaskResult {
  readonly folder: string;
  readonly finished: boolean;
  readonly steps: number;
  readonly loss: number;
  /** Training alone. */
  readonly seconds: number;
  readonly adapter: string;
  /** What the data say of themselves that is not used. */
  readonly remarks: readonly string[];
  /** Absent where no cases are held back. */
  readonly validation?: ValidationReport;
  /** Where it was asked for. */
  readonly profile?: ProfileReport;
  /** What was loaded at the start; absent where the run went on from a checkpoint or began anew. */
  readonly pretrained?: {
    readonly path: string;
    readonly section: string | undefined;
    readonly tensors: readonly PretrainedRow[];
  };
}

/** What is told of a run at its end. */
export function jobReport(
  adapter: string,
  folder: string,
  result: TrainResult,
  tested: TaskResult,
  pretrained: PretrainedReport | undefined,
  remarks: readonly string[],
): JobReport {
  const { state, finished, seconds } = result;
  return {
    folder,
    finished,
    steps: state.step,
    loss: state.history.steps.at(-1)?.loss ?? Number.NaN,
    seconds,
    adapter,
    pretrained: pretrained && {
      path: pretrained.path,
      section: pretrained.section?.name,
      tensors: pretrained.rows,
    },
    remarks,
    ...tested,
  };
}

export function writeMetrics(folder: RunFolder, report: JobReport, model: ElaboratedModel): void {
  writeFileAtomic(folder.file('metrics.json'), `${JSON.stringify(metricsOf(report, model), null, 1)}\n`);
}

/** What `metrics.json` holds. */
function metricsOf(report: JobReport, model: ElaboratedModel) {
  const { test, classification, pretrained, ...run } = report;
  const scores = classification
    ? { accuracy: classification.accuracy }
    : { dsc: test?.dsc ?? null, otsu_dsc: test?.otsuDsc ?? null };
  return {
    ...scores,
    seconds: run.seconds,
    adapter: run.adapter,
    finished: run.finished,
    steps: run.steps,
    loss: run.loss,
    model: model.name,
    config: model.config,
    batch: model.batch,
    data_remarks: run.remarks,
    validation: run.validation ?? null,
    pretrained: pretrained ? { path: pretrained.path, loaded: loadedCount(pretrained.tensors) } : null,
    classes: (test ?? classification)?.classes ?? {},
    images:
      classification?.images ??
      test?.images.map(({ id, dsc, otsuDsc }) => ({ id, dsc, otsu_dsc: otsuDsc ?? null })) ??
      [],
  };
}

const loadedCount = (rows: readonly PretrainedRow[]) => rows.filter((r) => r.status === 'loaded').length;

export function writeWeights(
  path: string,
  model: ElaboratedModel,
  weights: ReadonlyMap<string, StoredData>,
  data: TrainedOn,
): void {
  writeSafetensors(
    path,
    storedTensors(model).map((p) => [p.name, storedTensor([...p.shape], weights.get(p.name)!)] as const),
    weightsMetadata(model, data),
  );
}
