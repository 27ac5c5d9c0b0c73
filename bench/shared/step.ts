import { TRAINING_STEP, trainingEntries } from '../../src/autodiff/entries.ts';
import { initialise } from '../../src/compiler/initialise.ts';
import { trainSection } from '../../src/compiler/model.ts';
import { openModel } from '../../src/files/open.ts';
import type { Entries, SourceKind } from '../../src/ir/graph.ts';
import type { ElaboratedModel } from '../../src/language/model.ts';
import { ops } from '../../src/ops/index.ts';
import { hyperParameters } from '../../src/recipe/optimizers.ts';

/** What is measured where no other spec is named. */
export const NUCLEI = 'examples/nuclei/nuclei.arch';

/** What benchmarks run of a spec: a training step, or the forward pass. */
export interface Step {
  readonly model: ElaboratedModel;
  readonly entries: Entries;
  /** Of the entries, those that run, in order. */
  readonly run: readonly string[];
  /** The optimizer's numbers; none of a forward pass. */
  readonly hyper: Float32Array | undefined;
}

export interface StepOptions {
  /** `name=value`. */
  readonly set?: readonly string[];
  /** Left out: that of the `train` section, of a forward pass 1. */
  readonly batch?: string;
  readonly forward?: boolean;
}

export function stepOf(spec: string, { set: texts = [], batch, forward }: StepOptions = {}): Step {
  const set = Object.fromEntries(texts.map((t) => t.split('=', 2) as [string, string]));
  if (forward) {
    const model = openModel(spec, { set, batch: Number(batch ?? 1) });
    return { model, entries: { forward: model.graph }, run: ['forward'], hyper: undefined };
  }
  const section = trainSection(openModel(spec, { set, training: true }));
  const model = openModel(spec, { set, batch: Number(batch ?? section.batch), training: true });
  const { entries } = trainingEntries(model, section, section.optimizer, ops);
  return { model, entries, run: TRAINING_STEP, hyper: hyperParameters(section.optimizer, 1e-4, 1) };
}

/** Gives a program first weights, an image, and the optimizer's numbers; class ids stay 0. */
export function feed(
  { model, hyper }: Step,
  session: {
    has(kind: SourceKind, name: string): boolean;
    write(kind: SourceKind, name: string, data: Float32Array): void;
  },
): void {
  for (const p of model.parameters)
    if (session.has('param', p.name)) session.write('param', p.name, initialise(p, 0));
  const [{ name, shape }] = model.inputs;
  const size = shape.reduce((a, b) => a * b, 1);
  session.write(
    'input',
    name,
    Float32Array.from({ length: size }, (_, i) => Math.sin(i)),
  );
  if (hyper) session.write('input', 'hyper', hyper);
}
