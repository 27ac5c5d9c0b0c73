import { InputError } from '../errors.ts';
import { GraphBuilder } from '../ir/builder.ts';
import type { Graph, Shape, ValueId } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import { packLength } from '../ir/packing.ts';
import { prune } from '../ir/prune.ts';
import type { ElaboratedModel, Parameter, TrainSection } from '../language/model.ts';
import { fitsAny } from '../language/name-patterns.ts';
import type { OptimizerSpec } from '../recipe/optimizers.ts';
import { appendBufferSteps, appendFirstBuffers, appendNextBuffers, readingNext } from './buffers.ts';
import { differentiated } from './differentiated.ts';
import { lossGraph } from './loss.ts';
import { appendOptimizer, appendSquaredNorm } from './optimizer.ts';
import { pack, packGroups } from './packs.ts';

/** What a step of training runs, without accumulation. */
export const TRAINING_STEP: readonly string[] = ['gradients', 'update'];

/** What `gradients`, `accumulate` and `update` are called that leave alone what a section freezes for some steps. */
export const whileFrozen = (entry: string): string => `${entry}_frozen`;

export interface EntryOptions {
  /** The same model elaborated for prediction: adds `loss`. */
  readonly predictor?: ElaboratedModel;
  /** Adds `begin` and `accumulate`. */
  readonly accumulate?: boolean;
  /** Adds `ema`. */
  readonly ema?: boolean;
  /** The caller runs other entries while the section freezes parameters for some steps; else such a section is refused. */
  readonly thaws?: boolean;
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
 * Parameters that the section freezes for the whole run are constants. Those that it freezes for some steps (`freeze`,
 * `freeze_steps`) are packed apart: until then `gradients_frozen`, `update_frozen` and `accumulate_frozen` take the
 * place of `gradients`, `update` and `accumulate`, and compute and change nothing of theirs. From then on their
 * optimizer begins: `update` takes its corrections for them from the input `hyper_late`, as in PyTorch, where a
 * parameter without gradients has no state yet.
 *
 * With accumulation a step is `begin`, then `gradients`, `accumulate` for each micro-batch, then `update`:
 * - `begin`: sums are zero, micro-batches start from the buffers.
 * - `accumulate`: adds gradients and loss of the micro-batch times input `share`, which is one over their number.
 *   `update` then uses these means, and has the mean as output `loss`.
 *
 * `ema`, after an update that was applied: averaged weights become d · average + (1 − d) · weights, with d the input
 * `decay`; 0 starts from the weights. They are the state `ema.k`, packed as the gradients are.
 *
 * @throws InputError `nothing-to-train` where the loss reaches no parameter; `batch-too-small`; `freeze-steps`
 */
export function trainingEntries(
  model: ElaboratedModel,
  section: TrainSection,
  optimizer: OptimizerSpec,
  ops: OpTable,
  options: EntryOptions = {},
): TrainingEntries {
  const { accumulate = false, ema = false, predictor } = options;
  const { freeze, freeze_steps } = section;
  const frozen = model.parameters.filter(({ name }) => fitsAny(name, freeze));
  const open = model.parameters.filter((p) => !frozen.includes(p));
  const early = gradientsEntry(model, section, ops, accumulate, [open]);
  const late = freeze_steps > 0 && frozen.length > 0;
  if (late && !options.thaws) throw neverThaws(section);
  const { graph, groups } = late ? gradientsEntry(model, section, ops, accumulate, [open, frozen]) : early;
  const first = early.groups.length;
  const lengths = groups.map((group) => packLength(group.map(({ shape }) => shape)));
  const hypers = groups.map((_, k) => (k < first ? 'hyper' : 'hyper_late'));
  const how = { accumulate, ema };
  const update = updateEntry(model, optimizer, ops, { groups, lengths, hypers, ...how });
  const entries: Record<string, Graph> = { gradients: graph, update: update.graph };
  const { state } = update;
  if (late) {
    const packs = { groups: early.groups, lengths: lengths.slice(0, first), hypers };
    entries[whileFrozen('gradients')] = early.graph;
    entries[whileFrozen('update')] = updateEntry(model, optimizer, ops, { ...packs, ...how }).graph;
  }
  if (accumulate) {
    entries['begin'] = beginEntry(model, ops, lengths);
    entries['accumulate'] = accumulateEntry(ops, lengths);
    if (late) entries[whileFrozen('accumulate')] = accumulateEntry(ops, lengths.slice(0, first));
  }
  if (ema) {
    entries['ema'] = emaEntry(ops, groups, accumulate);
    state.push(...groups.map((_, k) => `ema.${k}`));
  }
  if (predictor) entries['loss'] = lossGraph(predictor, section, ops);
  return { entries, reached: groups.flat(), groups, state };
}

function neverThaws({ name, span, freeze_steps }: TrainSection): InputError {
  return new InputError(
    'freeze-steps',
    `${span.file}:${span.line}: ${name} freezes parameters for ${freeze_steps} steps, and here all steps are alike`,
    '--set train.freeze_steps=0 to freeze them throughout, or --set train.freeze=[]',
  );
}

/** Parameters that are packed together. */
type Group = readonly Parameter[];

/** Parameters by groups, how long their packs are, and which input says how each steps. */
interface Packs {
  readonly groups: readonly Group[];
  readonly lengths: readonly number[];
  readonly hypers: readonly string[];
}

function gradientsEntry(
  model: ElaboratedModel,
  section: TrainSection,
  ops: OpTable,
  accumulate: boolean,
  parts: readonly Group[],
): { graph: Graph; groups: Group[] } {
  const from = accumulate ? { ...model, graph: readingNext(model.graph, model) } : model;
  const { b, loss, reached, gradients } = differentiated(from, section, ops, parts.flat());
  if (reached.length === 0) {
    const { file, line } = section.span;
    throw new InputError(
      'nothing-to-train',
      `${file}:${line}: the loss of ${section.name} reaches no parameter of ${model.name} that is not frozen`,
      'declare a `param` on which a supervised output depends, or leave out the train section',
    );
  }
  const groups = parts.flatMap((part) => {
    const own = part.filter((p) => reached.includes(p));
    return packGroups(own.map(({ shape }) => shape)).map((group) => group.map((i) => own[i]));
  });
  groups.forEach((group, k) => {
    const flat = pack(
      b,
      group.map((p) => gradients[reached.indexOf(p)]),
    );
    b.update([carry(b, `gradient.${k}`, b.shape(flat))], flat);
  });
  b.update([carry(b, 'loss', [])], loss);
  b.output('loss', loss);
  appendNextBuffers(b, model);
  return { graph: prune(b.build()), groups };
}

function updateEntry(
  model: ElaboratedModel,
  optimizer: OptimizerSpec,
  ops: OpTable,
  packs: Packs & { readonly accumulate: boolean; readonly ema: boolean },
): { graph: Graph; state: string[] } {
  const { groups, lengths, hypers, accumulate, ema } = packs;
  const b = new GraphBuilder(ops);
  const gradient = accumulate ? 'sum' : 'gradient';
  const loss = stepLoss(b, accumulate);
  const params = groups.map((group) => sourcesOf(b, group));
  const gradients = lengths.map((length, k) => carry(b, `${gradient}.${k}`, [length]));
  const norm2 = appendSquaredNorm(b, gradients);
  const state = appendOptimizer(b, optimizer, params, gradients, hypers, { loss, norm2 });
  appendBufferSteps(b, model, { loss, norm2 });
  b.output('norm2', norm2);
  if (accumulate) b.output('loss', loss);
  if (ema) b.update([carry(b, 'norm2', [])], norm2);
  return { graph: prune(b.build()), state };
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
