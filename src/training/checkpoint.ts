import type { LoaderState } from '../data/batches.ts';
import { InputError } from '../errors.ts';
import { type ElaboratedModel, storedTensors } from '../language/model.ts';
import { readSafetensors, writeSafetensors } from '../tensors/safetensors.ts';
import { float32Tensor, type StoredData, storedTensor, type Tensor, toFloat32 } from '../tensors/tensor.ts';
import { type History, historyEntries, historyOf } from './history.ts';
import type { RunIdentity } from './identity.ts';
import { matchWeights } from './weights.ts';

/** What the command line chose when a run began; it stands when the run goes on, unless it says otherwise then. */
export interface RunChoices {
  readonly seed?: number;
  readonly steps?: number;
  /** The first weights, or none, were chosen there. */
  readonly pretrained: boolean;
}

/** All that a run is, but for its data: weights, optimizer state, position, history, and what determines it. */
export interface RunState {
  /** Steps done. */
  readonly step: number;
  /** Steps that the schedule is made for by now; fewer than asked for where a budget shortened the run. */
  readonly steps: number;
  readonly identity: RunIdentity;
  readonly choices: RunChoices;
  readonly loader: LoaderState;
  readonly history: History;
  /** Parameters and buffers by name. */
  readonly weights: ReadonlyMap<string, StoredData>;
  /** Flat optimizer state by name. */
  readonly optimizer: ReadonlyMap<string, Float32Array>;
}

const FORMAT = 'archc-checkpoint-2';
/** Says less about its run than is needed to go on; its weights can be read. */
const OLD_FORMAT = 'archc-checkpoint-1';
/** Before the name of a parameter or buffer. */
const STORED = 'param/';

/** Whether a safetensors file is a checkpoint of archc, by its metadata. */
export function isCheckpoint(metadata: Readonly<Record<string, string>>): boolean {
  return metadata['format'] === FORMAT || metadata['format'] === OLD_FORMAT;
}

/** The weights and buffers in a checkpoint, by name. */
export function storedEntries(tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const entries = [...tensors].filter(([name]) => name.startsWith(STORED));
  return new Map(entries.map(([name, tensor]) => [name.slice(STORED.length), tensor]));
}

/**
 * Writes a checkpoint, whole or not at all.
 *
 * @param metadata what its weights are of, see weightsMetadata
 */
export function writeCheckpoint(
  path: string,
  model: ElaboratedModel,
  state: RunState,
  metadata: Readonly<Record<string, string>>,
): void {
  const entries: [string, Tensor][] = [];
  for (const p of storedTensors(model)) {
    const data = state.weights.get(p.name);
    if (data) entries.push([`${STORED}${p.name}`, storedTensor([...p.shape], data)]);
  }
  for (const [name, data] of state.optimizer)
    entries.push([`state/${name}`, float32Tensor([data.length], data)]);
  entries.push(...historyEntries(state.history));
  const { step, steps, identity, choices, loader } = state;
  const header: RunHeader = { step, steps, identity, choices, loader };
  writeSafetensors(path, entries, { ...metadata, format: FORMAT, run: JSON.stringify(header) });
}

type RunHeader = Pick<RunState, 'step' | 'steps' | 'identity' | 'choices' | 'loader'>;

/** A checkpoint whose tensors are not yet held against a model. */
export interface Checkpoint extends RunHeader {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/**
 * Reads a checkpoint.
 *
 * @throws InputError `bad-checkpoint` where the file is no checkpoint, `old-checkpoint` where it does not say what
 *   determined its run
 */
export function readCheckpoint(path: string): Checkpoint {
  const { tensors, metadata } = readSafetensors(path);
  if (!isCheckpoint(metadata)) {
    throw new InputError(
      'bad-checkpoint',
      `${path} is not a checkpoint of archc`,
      'give checkpoint.safetensors of a run',
    );
  }
  if (metadata['format'] === OLD_FORMAT) {
    throw new InputError(
      'old-checkpoint',
      `${path} was written by an older archc and does not say with what settings and data its run was made`,
      `a new run that starts from its weights: --pretrained ${path}`,
    );
  }
  return { path, tensors, ...parseRun(path, metadata['run']) };
}

/**
 * The state of a run in a checkpoint of the same model.
 *
 * @throws InputError `bad-checkpoint`, `weights-mismatch`
 */
export function stateOf({ path, tensors, ...header }: Checkpoint, model: ElaboratedModel): RunState {
  const optimizer = new Map<string, Float32Array>();
  for (const [name, tensor] of tensors) {
    if (name.startsWith('state/')) optimizer.set(name.slice('state/'.length), toFloat32(tensor));
  }
  const history = historyOf(tensors, header.step);
  if (!history) {
    throw new InputError(
      'bad-checkpoint',
      `${path} does not hold the losses of its ${header.step} steps`,
      'start a new run',
    );
  }
  return {
    ...header,
    history,
    weights: matchWeights(storedTensors(model), storedEntries(tensors), path, true),
    optimizer,
  };
}

function parseRun(path: string, text: string | undefined): RunHeader {
  try {
    const run = JSON.parse(text ?? '') as RunHeader;
    const numbers = [run.step, run.steps].every((n) => Number.isSafeInteger(n) && n >= 0);
    if (numbers && run.loader && run.identity?.train && run.choices) return run;
  } catch {
    // Falls through to the error below.
  }
  throw new InputError('bad-checkpoint', `${path} does not say where its run stands`, 'start a new run');
}
