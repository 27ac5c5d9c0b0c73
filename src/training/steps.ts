import { TRAINING_STEP } from '../autodiff/entries.ts';
import type { Batches } from '../data/batches.ts';
import type { TrainSection } from '../language/model.ts';
import { hyperParameters } from '../recipe/optimizers.ts';
import { stepKey } from '../recipe/step-key.ts';
import type { Session, TensorData } from '../runtime/session.ts';
import type { StepPart } from '../runtime/step-reader.ts';

/** What a section's steps run. */
export interface StepEntries {
  /** In the submission that ends a step. */
  readonly last: readonly string[];
  /** In those before it: the first micro-batch, and others. */
  readonly first: readonly string[];
  readonly more: readonly string[];
}

/** The entries of a step: see trainingEntries. */
export function stepEntries({ accumulate, ema }: TrainSection): StepEntries {
  const end = ema > 0 ? ['ema'] : [];
  if (accumulate === 1) return { last: [...TRAINING_STEP, ...end], first: [], more: [] };
  const more = ['gradients', 'accumulate'];
  return { last: [...more, 'update', ...end], first: ['begin', ...more], more };
}

/** Dispatches of a whole step. */
export function dispatchesOf(session: Session, section: TrainSection): number {
  const { last, first, more } = stepEntries(section);
  const middle = Array.from({ length: Math.max(section.accumulate - 2, 0) }, () => more).flat();
  const all = [...first, ...middle, ...last];
  return all.reduce((n, entry) => n + session.entry(entry).dispatches.length, 0);
}

export interface StepOptions {
  readonly section: TrainSection;
  readonly session: Session;
  /** Of random keys. */
  readonly seed: number;
  /** The model's input for images. */
  readonly input: string;
  readonly batches: Batches;
}

/**
 * What is submitted for step `t` (from 1): inputs of the last submission, and those before it. Takes the next
 * `accumulate` batches; each has a random key of its own.
 */
export function stepParts(
  { section, session, seed, input, batches }: StepOptions,
  t: number,
  rate: number,
): { readonly inputs: Readonly<Record<string, TensorData>>; readonly before: readonly StepPart[] } {
  const { accumulate, ema, optimizer } = section;
  const { first, more } = stepEntries(section);
  const share = Float32Array.of(1 / accumulate);
  const feeds = Array.from({ length: accumulate }, (_, i) => {
    const { x, target } = batches.next();
    return {
      ...{ [input]: x, target },
      ...(accumulate > 1 ? { share } : {}),
      ...(session.has('input', 'rng') ? { rng: stepKey(seed, (t - 1) * accumulate + i + 1) } : {}),
    };
  });
  const inputs = {
    ...feeds[accumulate - 1],
    hyper: hyperParameters(optimizer, rate, t),
    // Averages begin as the weights after the first step.
    ...(ema > 0 ? { decay: Float32Array.of(t === 1 ? 0 : ema) } : {}),
  };
  const before = feeds.slice(0, -1).map((own, i) => ({ entries: i === 0 ? first : more, inputs: own }));
  return { inputs, before };
}
