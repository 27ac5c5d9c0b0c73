import type { LoaderState } from '../data/batches.ts';
import { InputError } from '../errors.ts';
import { type ElaboratedModel, storedTensors } from '../language/program.ts';
import { readSafetensors, writeSafetensors } from '../tensors/safetensors.ts';
import { float32Tensor, type StoredData, storedTensor, type Tensor, toFloat32 } from '../tensors/tensor.ts';
import { matchWeights } from './weights.ts';

/** All that a run is, but for its data: weights, optimizer state, position, history. */
export interface RunState {
  /** Steps done. */
  readonly step: number;
  /** Steps that the schedule is made for. */
  readonly steps: number;
  readonly seed: number;
  readonly loader: LoaderState;
  /** The model's parameters as `--json` prints them; a run goes on only with the same. */
  readonly config: ElaboratedModel['config'];
  readonly model: string;
  /** The train section's name. */
  readonly section: string;
  /** Loss of every step so far. */
  readonly losses: readonly number[];
  /** Parameters and buffers by name. */
  readonly weights: ReadonlyMap<string, StoredData>;
  /** Flat optimizer state by name. */
  readonly optimizer: ReadonlyMap<string, Float32Array>;
}

const FORMAT = 'archc-checkpoint-1';
/** Before the name of a parameter or buffer. */
const STORED = 'param/';

/** Whether a safetensors file is a checkpoint of archc, by its metadata. */
export function isCheckpoint(metadata: Readonly<Record<string, string>>): boolean {
  return metadata['format'] === FORMAT;
}

/** The weights and buffers in a checkpoint, by name. */
export function storedEntries(tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const entries = [...tensors].filter(([name]) => name.startsWith(STORED));
  return new Map(entries.map(([name, tensor]) => [name.slice(STORED.length), tensor]));
}

/** Writes a checkpoint, whole or not at all. */
export function writeCheckpoint(path: string, model: ElaboratedModel, state: RunState): void {
  const entries: [string, Tensor][] = [];
  for (const p of storedTensors(model)) {
    const data = state.weights.get(p.name);
    if (data) entries.push([`${STORED}${p.name}`, storedTensor([...p.shape], data)]);
  }
  for (const [name, data] of state.optimizer)
    entries.push([`state/${name}`, float32Tensor([data.length], data)]);
  entries.push([
    'losses',
    { dtype: 'F64', shape: [state.losses.length], data: Float64Array.from(state.losses) },
  ]);
  const { step, steps, seed, loader, config, section } = state;
  writeSafetensors(path, entries, {
    format: FORMAT,
    run: JSON.stringify({ step, steps, seed, loader, config, model: state.model, section }),
  });
}

/**
 * Reads a checkpoint of the same model.
 *
 * @throws InputError `bad-checkpoint` where the file is no checkpoint, `checkpoint-mismatch` where it belongs to
 *   another model or configuration
 */
export function readCheckpoint(path: string, model: ElaboratedModel): RunState {
  const { tensors, metadata } = readSafetensors(path);
  if (!isCheckpoint(metadata)) {
    throw new InputError(
      'bad-checkpoint',
      `${path} is not a checkpoint of archc`,
      'give checkpoint.safetensors of a run',
    );
  }
  const run = parseRun(path, metadata['run']);
  const ours = JSON.stringify(model.config);
  if (run.model !== model.name || JSON.stringify(run.config) !== ours) {
    throw new InputError(
      'checkpoint-mismatch',
      `${path} belongs to ${run.model} with ${JSON.stringify(run.config)}, this is ${model.name} with ${ours}`,
      'resume with the spec and --set values of the run',
    );
  }
  const optimizer = new Map<string, Float32Array>();
  for (const [name, tensor] of tensors) {
    if (name.startsWith('state/')) optimizer.set(name.slice('state/'.length), toFloat32(tensor));
  }
  const losses = tensors.get('losses');
  if (losses?.dtype !== 'F64' || losses.data.length !== run.step) {
    throw new InputError(
      'bad-checkpoint',
      `${path} does not hold the losses of its ${run.step} steps`,
      'start a new run',
    );
  }
  return {
    ...run,
    losses: Array.from(losses.data),
    weights: matchWeights(storedTensors(model), storedEntries(tensors), path, true),
    optimizer,
  };
}

type RunHeader = Pick<RunState, 'step' | 'steps' | 'seed' | 'loader' | 'config' | 'model' | 'section'>;

function parseRun(path: string, text: string | undefined): RunHeader {
  try {
    const run = JSON.parse(text ?? '') as RunHeader;
    const numbers = [run.step, run.steps, run.seed].every((n) => Number.isSafeInteger(n) && n >= 0);
    if (numbers && run.loader && run.config && run.model && run.section) return run;
  } catch {
    // Falls through to the error below.
  }
  throw new InputError('bad-checkpoint', `${path} does not say where its run stands`, 'start a new run');
}
