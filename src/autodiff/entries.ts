import { InputError } from '../errors.ts';
import { GraphBuilder } from '../ir/builder.ts';
import type { Graph, Shape, ValueId } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import { packLength } from '../ir/packing.ts';
import { prune } from '../ir/prune.ts';
import type { ElaboratedModel, Parameter, TrainSection } from '../language/model.ts';
import type { OptimizerSpec } from '../recipe/optimizers.ts';
import { appendBufferSteps, appendFirstBuffers, appendNextBuffers, readingNext } from './buffers.ts';
import { differentiated } from './differentiated.ts';
import { lossGraph } from './loss.ts';
import { appendOptimizer, appendSquaredNorm } from './optimizer.ts';
import { pack, packGroups } from './packs.ts';

/** What a step of training runs, without accumulation. */
export const TRAINING_STEP: readonly string[] = ['gradients', 'update'];

export interface EntryOptions {
  /** The same model elaborated for prediction: adds `loss`. */
  readonly predictor?: ElaboratedModel;
  /** Adds `begin` and `accumulate`. */
  readonly accumulate?: boolean;
  /** Adds `ema`. */
  readonly ema?: boolean;
}

/** What a program that trains is made of. All entries share weights, buffers, state and carries by name. */
export interface TrainingEntries {
  readonly entries: Readonly<Record<string, Graph>>;
  /** Parameters that the loss reaches, in order. */
  readonly reached: readonly Parameter[];
  /** The same as they are packed: gradients, the optimizer's state and averages are one tensor a group. */
  readonly groups: readonly (readonly Parameter[])[];
  /** Names of the optimizer's state, zero at first, and of averaged weights. */
  readonly state: readonly string[];
}

/**
 * The entries of training. A step is `gradients`, `update`:
 * - `gradients`: forward pass in training and gradients. Inputs: the model's, `target`. Output `loss`. It changes
 *   nothing but carries: gradients packed as `gradient.k`, the loss, what buffers are to hold.
 * - `update`: clipping, optimizer and buffers. Input `hyper`. Output `norm2`, the squared norm of all gradients before
 *   clipping. Parameters that the loss does not reach stay as they are, weight decay included; buffers are set whether
 *   it reaches them or not. Where loss or norm is not finite nothing changes.
 * - `loss`: the loss in prediction, see {@link lossGraph}.
 *
 * With accumulation a step is `begin`, then `gradients`, `accumulate` for each micro-batch, then `update`:
 * - `begin`: sums are zero, micro-batches start from the buffers.
 * - `accumulate`: adds gradients and loss of the micro-batch times input `share`, which is one over their number.
 *   `update` then uses these means, and has the mean as output `loss`.
 *
 * `ema`, after an update that was applied: averaged weights become d · average + (1 − d) · weights, with d the input
 * `decay`; 0 starts from the weights. They are the state `ema.k`, packed as the gradients are.
 *
 * @throws InputError `nothing-to-train` where the loss reaches no parameter; `batch-too-small`
 */
export function trainingEntries(
  model: ElaboratedModel,
  section: TrainSection,
  optimizer: OptimizerSpec,
  ops: OpTable,
  options: EntryOptions = {},
): TrainingEntries {
  const { accumulate = false, ema = false, predictor } = options;
  const { graph, groups } = gradientsEntry(model, section, ops, accumulate);
  const lengths = groups.map((group) => packLength(group.map(({ shape }) => shape)));
  const update = new GraphBuilder(ops);
  const state = appendUpdate(update, model, optimizer, groups, lengths, { accumulate, ema });
  const entries: Record<string, Graph> = { gradients: graph, update: prune(update.build()) };
  if (accumulate) {
    entries['begin'] = beginEntry(model, ops, lengths);
    entries['accumulate'] = accumulateEntry(ops, lengths);
  }
  if (ema) {
    entries['ema'] = emaEntry(ops, groups, accumulate);
    state.push(...groups.map((_, k) => `ema.${k}`));
  }
  if (predictor) entries['loss'] = lossGraph(predictor, section, ops);
  return { entries, reached: groups.flat(), groups, state };
}

/** Parameters that are packed together. */
type Group = readonly Parameter[];

function gradientsEntry(
  model: ElaboratedModel,
  section: TrainSection,
  ops: OpTable,
  accumulate: boolean,
): { graph: Graph; groups: Group[] } {
  const from = accumulate ? { ...model, graph: readingNext(model.graph, model) } : model;
  const { b, loss, reached, gradients } = differentiated(from, section, ops);
  if (reached.length === 0) {
    const { file, line } = section.span;
    throw new InputError(
      'nothing-to-train',
      `${file}:${line}: the loss of ${section.name} reaches no parameter of ${model.name}`,
      'declare a `param` on which a supervised output depends, or leave out the train section',
    );
  }
  const groups = packGroups(reached.map(({ shape }) => shape));
  groups.forEach((group, k) => {
    const flat = pack(
      b,
      group.map((i) => gradients[i]),
    );
    b.update([carry(b, `gradient.${k}`, b.shape(flat))], flat);
  });
  b.update([carry(b, 'loss', [])], loss);
  b.output('loss', loss);
  appendNextBuffers(b, model);
  return { graph: prune(b.build()), groups: groups.map((group) => group.map((i) => reached[i])) };
}

function appendUpdate(
  b: GraphBuilder,
  model: ElaboratedModel,
  optimizer: OptimizerSpec,
  groups: readonly Group[],
  lengths: readonly number[],
  { accumulate, ema }: { readonly accumulate: boolean; readonly ema: boolean },
): string[] {
  const gradient = accumulate ? 'sum' : 'gradient';
  const loss = stepLoss(b, accumulate);
  const params = groups.map((group) => sourcesOf(b, group));
  const gradients = lengths.map((length, k) => carry(b, `${gradient}.${k}`, [length]));
  const norm2 = appendSquaredNorm(b, gradients);
  const state = appendOptimizer(b, optimizer, params, gradients, { loss, norm2 });
  appendBufferSteps(b, model, { loss, norm2 });
  b.output('norm2', norm2);
  if (accumulate) b.output('loss', loss);
  if (ema) b.update([carry(b, 'norm2', [])], norm2);
  return state;
}

function beginEntry(model: ElaboratedModel, ops: OpTable, lengths: readonly number[]): Graph {
  const b = new GraphBuilder(ops);
  lengths.forEach((length, k) => {
    b.update([carry(b, `sum.${k}`, [length])], b.apply('full', [], { shape: [length], value: 0 }));
  });
  b.update([carry(b, 'sum.loss', [])], b.apply('full', [], { shape: [], value: 0 }));
  appendFirstBuffers(b, model);
  return prune(b.build());
}

function accumulateEntry(ops: OpTable, lengths: readonly number[]): Graph {
  const b = new GraphBuilder(ops);
  const share = b.source('input', 'share', []);
  const add = (sum: string, value: string, shape: Shape) => {
    const total = carry(b, sum, shape);
    b.update([total], b.add(total, b.mul(carry(b, value, shape), share)));
  };
  lengths.forEach((length, k) => {
    add(`sum.${k}`, `gradient.${k}`, [length]);
  });
  add('sum.loss', 'loss', []);
  return b.build();
}

/** Averages stay where weights do: where loss or norm is not finite. */
function emaEntry(ops: OpTable, groups: readonly Group[], accumulate: boolean): Graph {
  const b = new GraphBuilder(ops);
  const decay = b.source('input', 'decay', []);
  const rest = b.affine(decay, -1, 1);
  const norm2 = carry(b, 'norm2', []);
  const loss = stepLoss(b, accumulate);
  groups.forEach((group, k) => {
    const params = pack(b, sourcesOf(b, group));
    const average = b.source('state', `ema.${k}`, b.shape(params));
    const next = b.add(b.mul(average, decay), b.mul(params, rest));
    b.update([average], b.apply('buffer_step', [average, next, norm2, loss]));
  });
  return b.build();
}

/** The loss of a step: of all its micro-batches. */
function stepLoss(b: GraphBuilder, accumulate: boolean): ValueId {
  return carry(b, accumulate ? 'sum.loss' : 'loss', []);
}

function sourcesOf(b: GraphBuilder, group: Group): ValueId[] {
  return group.map(({ name, shape }) => b.source('param', name, shape));
}

function carry(b: GraphBuilder, name: string, shape: Shape): ValueId {
  return b.source('carry', name, shape);
}
