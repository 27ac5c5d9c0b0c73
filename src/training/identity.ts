import { createHash } from 'node:crypto';
import type { AxisOrder } from '../data/axes.ts';
import { printGraph } from '../ir/print.ts';
import {
  type ElaboratedModel,
  type Initialiser,
  storedTensors,
  type TrainSection,
} from '../language/model.ts';
import { type LossTerm, losses } from '../recipe/losses.ts';
import { type Form, withDefaults } from '../recipe/setting.ts';
import { trainDefaults } from '../recipe/train-settings.ts';

/** Plain data, as JSON holds it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The training data of a run. */
export interface DataIdentity {
  /** Cases to train on, those held back not counted. */
  readonly cases: number;
  /** Of the contents of the files, see `fingerprint`. */
  readonly sha256: string;
  /** How cases were preprocessed, see `preprocessingDigest`; absent of data that are not. */
  readonly preprocessing?: string;
  /** Axes of the files of volumes, that of the slices first; absent where that is z, and of runs that knew no other. */
  readonly transpose_forward?: AxisOrder;
  /** Ids of the cases that are held back for validation. */
  readonly held_back: readonly string[];
}

/** The file that a run's first weights came from, and by whose rules its names were understood. */
export interface PretrainedIdentity {
  readonly sha256: string;
  /** The pretrained section that was asked for; `null` where the names decide. */
  readonly rules: Json;
}

export interface RunIdentity {
  readonly model: string;
  readonly config: Readonly<Record<string, Json>>;
  /** Shape and first values of each tensor that is kept with the model. */
  readonly tensors: Readonly<Record<string, string>>;
  /** SHA-256 of the graph as printed. */
  readonly network: string;
  /** The train section with all its values, `--seed` and `--steps` taken in. */
  readonly train: Readonly<Record<string, Json>>;
  readonly data: DataIdentity;
  readonly pretrained: PretrainedIdentity | null;
}

export interface IdentityOptions {
  /** Elaborated for training. */
  readonly model: ElaboratedModel;
  readonly section: TrainSection;
  readonly seed: number;
  readonly steps: number;
  readonly data: DataIdentity;
  readonly pretrained: PretrainedIdentity | null;
}

/**
 * All that determines a run, as plain data: two runs with the same identity go through the same steps (on the same
 * adapter to the same bits). Paths, dates and the names of folders are no part of it.
 */
export function runIdentity({ model, section, seed, steps, data, pretrained }: IdentityOptions): RunIdentity {
  const { span: _, model: __, heads, inputs, ...settings } = section;
  return plain({
    model: model.name,
    config: model.config,
    tensors: Object.fromEntries(
      storedTensors(model).map((t) => [t.name, `[${t.shape.join(', ')}] = ${initialiserText(t.init)}`]),
    ),
    network: createHash('sha256').update(printGraph(model.graph)).digest('hex'),
    train: {
      ...{ ...settings, ...(heads && { heads: withoutSpans(heads) }) },
      ...{ ...(inputs && { inputs: inputs.groups }), seed, steps },
    },
    data,
    pretrained,
  });
}

const withoutSpans = (heads: NonNullable<TrainSection['heads']>) =>
  Object.fromEntries(Object.entries(heads).map(([name, { span: _, ...head }]) => [name, head]));

/** What JSON would make of it: without `undefined`, and apart from the original. */
function plain(value: object): RunIdentity {
  return JSON.parse(JSON.stringify(value)) as RunIdentity;
}

function initialiserText({ kind, args }: Initialiser): string {
  const given = Object.entries(args).map(([name, value]) => `${name}: ${value}`);
  return given.length === 0 ? kind : `${kind}(${given.join(', ')})`;
}

/**
 * In what two runs differ, one line each: `train.optimizer.lr: 0.01 → 0.02`. The number of steps is left out: a run may
 * be prolonged.
 */
export function identityDifferences(theirs: RunIdentity, ours: RunIdentity): string[] {
  const [before, after] = [leaves(withDefaultsOf(theirs)), leaves(ours)];
  const differing = differingNames(before, after).filter((name) => name !== 'train.steps');
  // Another graph follows from other parameters; it says something only where it is alone.
  const causes = differing.filter((name) => /^(model|config|tensors|train\.batch)\b/.test(name));
  return differing
    .filter((name) => name !== 'network' || causes.length === 0)
    .map((name) => {
      const shown = name === 'network' ? 'the ops of the network' : name;
      return `${shown}: ${valueIn(before, name)} → ${valueIn(after, name)}`;
    });
}

/** A run that began before there was a setting, or an argument of a loss, is one with its default. */
function withDefaultsOf(before: RunIdentity): RunIdentity {
  const identity = plain({ ...before, train: { ...before.train, ...trainDefaults, ...before.train } });
  const { loss, heads } = identity.train;
  if (!Array.isArray(loss)) return identity;
  const train = { ...identity.train, loss: termsWithDefaults(loss) };
  if (heads === undefined) return plain({ ...identity, train });
  const own = Object.entries(heads as unknown as NonNullable<TrainSection['heads']>).map(
    ([name, head]) => [name, { ...head, ...(head.loss && { loss: termsWithDefaults(head.loss) }) }] as const,
  );
  return plain({ ...identity, train: { ...train, heads: Object.fromEntries(own) } } as object);
}

const termsWithDefaults = (loss: readonly unknown[]) =>
  (loss as readonly LossTerm[]).map((term) =>
    Object.hasOwn(losses, term.kind) ? withDefaults<Form['args']>(losses[term.kind].args, { ...term }) : term,
  );

type Values = ReadonlyMap<string, string>;

const valueIn = (values: Values, name: string) => values.get(name) ?? 'none';

const differingNames = (before: Values, after: Values): string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => valueIn(before, name) !== valueIn(after, name),
  );

/** In what plain data differ, one line each: `classes: 3 → 2`. */
export function differences(theirs: Json, ours: Json): string[] {
  const [before, after] = [leaves(theirs), leaves(ours)];
  return differingNames(before, after).map(
    (name) => `${name}: ${valueIn(before, name)} → ${valueIn(after, name)}`,
  );
}

/** The innermost values by path, as text. Lists of plain values are one. */
export function leaves(
  value: Json | object,
  path = '',
  into = new Map<string, string>(),
): Map<string, string> {
  if (value === null || typeof value !== 'object') into.set(path, shown(value as Json));
  else if (Array.isArray(value) && value.every((v) => v === null || typeof v !== 'object'))
    into.set(path, `<${value.map(shown).join(', ')}>`);
  else {
    for (const [key, inner] of Object.entries(value))
      leaves(inner as Json, Array.isArray(value) ? `${path}[${key}]` : path ? `${path}.${key}` : key, into);
  }
  return into;
}

/** A hash is told by its first digits. */
const shown = (value: Json): string =>
  value === null
    ? 'none'
    : typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
      ? `sha256 ${value.slice(0, 12)}…`
      : String(value);
