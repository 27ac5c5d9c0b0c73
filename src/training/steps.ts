import { whileFrozen } from '../autodiff/entries.ts';
import type { Batches } from '../data/batches.ts';
import type { TrainSection } from '../language/model.ts';
import { hyperParameters } from '../recipe/optimizers.ts';
import { stepKey } from '../recipe/step-key.ts';
import type { Session } from '../runtime/session.ts';
import type { StepPart } from '../runtime/step-reader.ts';
import type { ImageInputs } from './image-inputs.ts';

/** The entries of step `t` (from 1), by its submissions: one a batch. See trainingEntries. */
export function entriesOf({ accumulate, ema, freeze, freeze_steps }: TrainSection, t: number): string[][] {
  const frozen = freeze.length > 0 && t <= freeze_steps;
  const named = (entry: string) => (frozen ? whileFrozen(entry) : entry);
  const end = [named('update'), ...(ema > 0 ? ['ema'] : [])];
  if (accumulate === 1) return [[named('gradients'), ...end]];
  const each = [named('gradients'), named('accumulate')];
  return Array.from({ length: accumulate }, (_, i) => [
    ...(i === 0 ? ['begin'] : []),
    ...each,
    ...(i === accumulate - 1 ? end : []),
  ]);
}

/** Dispatches of a whole step that trains everything. */
export function dispatchesOf(session: Session, section: TrainSection): number {
  const entries = entriesOf(section, Number.POSITIVE_INFINITY).flat();
  return entries.reduce((n, entry) => n + session.entry(entry).dispatches.length, 0);
}

export interface StepOptions {
  readonly section: TrainSection;
  readonly session: Session;
  /** Of random keys. */
  readonly seed: number;
  readonly inputs: ImageInputs;
  readonly batches: Batches;
}

/** What is submitted for step `t` (from 1). Takes the next `accumulate` batches; each has a random key of its own. */
export async function stepParts(
  { section, session, seed, inputs: images, batches }: StepOptions,
  t: number,
  rate: number,
): Promise<StepPart[]> {
  const { accumulate, ema, optimizer, freeze_steps } = section;
  const share = Float32Array.of(1 / accumulate);
  const hyper = (step: number) => hyperParameters(optimizer, rate, step);
  const update = {
    hyper: hyper(t),
    // The optimizer of what was frozen begins when it is trained.
    ...(session.has('input', 'hyper_late') ? { hyper_late: hyper(Math.max(t - freeze_steps, 1)) } : {}),
    // Averages begin as the weights after the first step.
    ...(ema > 0 ? { decay: Float32Array.of(t === 1 ? 0 : ema) } : {}),
  };
  const parts: StepPart[] = [];
  for (const [i, entries] of entriesOf(section, t).entries()) {
    const { x, target, others } = await batches.next();
    const inputs = {
      ...{ ...images.feed(x), target, ...others },
      ...(accumulate > 1 ? { share } : {}),
      ...(session.has('input', 'rng') ? { rng: stepKey(seed, (t - 1) * accumulate + i + 1) } : {}),
      ...(i === accumulate - 1 ? update : {}),
    };
    parts.push({ entries, inputs });
  }
  return parts;
}
