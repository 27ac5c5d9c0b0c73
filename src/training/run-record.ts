import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import type { ElaboratedModel } from '../language/model.ts';
import { writeError, writeFileAtomic } from '../tensors/atomic-file.ts';
import type { RunState } from './checkpoint.ts';
import type { History, StepRecord, ValidationRecord } from './history.ts';
import type { RunIdentity } from './identity.ts';
import type { RunFolder } from './run-folder.ts';
import type { TrainedOn } from './trained-on.ts';

/** `running` stays where a process was killed. */
export type RunStatus = 'running' | 'stopped' | 'finished' | 'failed';

/** From a start, or a resumption, to its end. */
interface RunPart {
  readonly command: readonly string[];
  readonly started: string;
  finished: string | null;
  readonly from_step: number;
  to_step: number;
  /** Of training, as of the last checkpoint. */
  seconds: number;
  readonly adapter: string;
  readonly archc: string;
  readonly node: string;
}

export interface RunAbout {
  readonly model: ElaboratedModel;
  readonly section: string;
  readonly identity: RunIdentity;
  readonly seed: number;
  /** Path of the data set. */
  readonly data: string;
  readonly trainedOn: TrainedOn;
  readonly adapter: string;
  readonly command: readonly string[];
}

const RUN = 'run.json';
const LOSSES = 'losses.jsonl';

/** What a run's folder says of its run: `run.json`, and `losses.jsonl` with a line for each step and validation. */
export class RunRecord {
  private readonly folder: RunFolder;
  private readonly about: RunAbout;
  private readonly before: readonly RunPart[];
  private readonly part: RunPart;
  private readonly losses: number;
  private validated: number;
  private ended = false;

  /** @param resume where the run goes on from: lines beyond it go, as their steps are made again */
  constructor(folder: RunFolder, about: RunAbout, resume: RunState | undefined) {
    this.folder = folder;
    this.about = about;
    this.before = resume ? partsOf(folder) : [];
    const from = resume?.step ?? 0;
    this.part = {
      command: about.command,
      started: new Date().toISOString(),
      finished: null,
      ...{ from_step: from, to_step: from, seconds: 0 },
      ...{ adapter: about.adapter, archc: packageJson.version, node: process.versions.node },
    };
    const history = resume?.history ?? { steps: [], validations: [] };
    writeFileAtomic(folder.file(LOSSES), historyLines(history));
    this.validated = history.validations.length;
    this.write('running', resume?.steps);
    this.losses = openSync(folder.file(LOSSES), 'a');
  }

  /** Seconds of training, those of earlier parts included. */
  get seconds(): number {
    return secondsIn([...this.before, this.part]);
  }

  step(step: number, record: StepRecord): void {
    this.append(stepLine(step, record));
  }

  checkpoint(state: RunState, seconds: number): void {
    this.take(state, seconds);
    this.write('running', state.steps);
  }

  /** @param seconds of this part */
  end(status: 'stopped' | 'finished', state: RunState, seconds: number): void {
    this.take(state, seconds);
    this.part.finished = new Date().toISOString();
    this.ended = true;
    this.write(status, state.steps);
  }

  /** Whatever has happened. A run that has not come to its end has failed; gives whether it has ended well. */
  close(): boolean {
    closeSync(this.losses);
    if (this.ended) return true;
    this.part.finished = new Date().toISOString();
    try {
      this.write('failed', undefined);
    } catch {
      // What ended the run is the failure to report.
    }
    return false;
  }

  private take({ step, history }: RunState, seconds: number): void {
    this.part.to_step = step;
    this.part.seconds = seconds;
    const fresh = history.validations.slice(this.validated);
    this.validated = history.validations.length;
    if (fresh.length > 0) this.append(fresh.map(validationLine).join(''));
  }

  private append(lines: string): void {
    try {
      writeSync(this.losses, lines);
    } catch (error) {
      throw writeError(this.folder.file(LOSSES), error);
    }
  }

  private write(status: RunStatus, steps: number | undefined): void {
    const run = describe(this.about, [...this.before, this.part], status, steps);
    writeFileAtomic(this.folder.file(RUN), `${JSON.stringify(run, null, 1)}\n`);
  }
}

function describe(about: RunAbout, parts: readonly RunPart[], status: RunStatus, steps: number | undefined) {
  const { model, section, identity, seed, data, trainedOn } = about;
  const part = parts[parts.length - 1];
  return {
    status,
    ...{ model: model.name, config: identity.config, set: model.set },
    ...{ section, train: identity.train, seed },
    data: { path: data, ...identity.data, ...trainedOn },
    pretrained: identity.pretrained,
    network: identity.network,
    steps: steps ?? identity.train['steps'],
    steps_done: part.to_step,
    seconds: secondsIn(parts),
    ...{ started: parts[0].started, finished: part.finished },
    ...{ archc: part.archc, node: part.node, adapter: part.adapter },
    parts,
  };
}

/** Of a run that is finished: its seconds of training; `undefined` where it is not, or does not say so. */
export function finishedSeconds(folder: RunFolder): number | undefined {
  const run = readRun(folder.path);
  return run?.status === 'finished' ? secondsIn(run.parts) : undefined;
}

const secondsIn = (parts: readonly RunPart[]) => parts.reduce((sum, { seconds }) => sum + seconds, 0);

const partsOf = (folder: RunFolder): readonly RunPart[] => readRun(folder.path)?.parts ?? [];

/** What `run.json` holds. */
export type RunDescription = ReturnType<typeof describe>;

/** `undefined` where there is none, or it was changed by hand into something else. */
export function readRun(folder: string): RunDescription | undefined {
  const path = join(folder, RUN);
  if (!existsSync(path)) return undefined;
  try {
    const run = JSON.parse(readFileSync(path, 'utf8')) as RunDescription;
    return run.parts.every(({ seconds }) => Number.isFinite(seconds)) ? run : undefined;
  } catch {
    return undefined;
  }
}

/** In the order of the run: a validation comes after the step that it followed. */
function historyLines({ steps, validations }: History): string {
  const lines: string[] = [];
  let next = 0;
  steps.forEach((record, i) => {
    lines.push(stepLine(i + 1, record));
    while (next < validations.length && validations[next].step <= i + 1)
      lines.push(validationLine(validations[next++]));
  });
  return lines.join('');
}

const stepLine = (step: number, { loss, rate, gradNorm }: StepRecord) =>
  `${JSON.stringify({ step, loss, learning_rate: rate, gradient_norm: gradNorm })}\n`;

const validationLine = ({ step, ...found }: ValidationRecord) =>
  `${JSON.stringify({ step, validation: found })}\n`;
