import { InputError } from '../errors.ts';
import { GraphBuilder } from '../ir/builder.ts';
import type { Graph } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import { prune } from '../ir/prune.ts';
import type { ElaboratedModel, OptimizerSpec, Parameter, TrainSection } from '../language/model.ts';
import { appendBufferSteps, requireBatchStatistics } from './buffers.ts';
import { differentiate } from './gradients.ts';
import { appendLoss } from './loss.ts';
import { ownMemory, PACK_ALIGNMENT, packGroups } from './packs.ts';

/** Numbers that change with every step, computed on the host in float64: see {@link hyperParameters}. */
export const HYPER_LENGTH = 8;

export interface LossGraph {
  readonly graph: Graph;
  /** Parameters that the loss reaches, in order. */
  readonly reached: readonly Parameter[];
}

/** The loss of a section: output `loss`, and `g/<parameter>` for each parameter that it reaches. */
export function gradientGraph(model: ElaboratedModel, section: TrainSection, ops: OpTable): LossGraph {
  const { b, loss, reached, grads } = differentiated(model, section, ops);
  b.output('loss', loss);
  reached.forEach((p, i) => {
    b.output(`g/${p.name}`, grads[i]);
  });
  return { graph: prune(b.build()), reached };
}

export interface TrainingGraph extends LossGraph {
  /** Names of the optimizer's state, each zero at first. */
  readonly state: readonly string[];
}

/**
 * One whole training step: forward, loss, gradients, clipping, update. Inputs: the model's, `target`, `hyper`.
 * Outputs: `loss` and `norm2`, the squared norm of all gradients before clipping. Parameters that the loss does
 * not reach stay as they are, weight decay included; buffers are updated whether it reaches them or not. Where loss or
 * norm is not finite nothing changes.
 *
 * @throws InputError `nothing-to-train` where the loss reaches no parameter
 */
export function trainingGraph(
  model: ElaboratedModel,
  section: TrainSection,
  optimizer: OptimizerSpec,
  ops: OpTable,
): TrainingGraph {
  const { b, loss, reached, grads } = differentiated(model, section, ops);
  if (reached.length === 0) {
    const { file, line } = section.span;
    throw new InputError(
      'nothing-to-train',
      `${file}:${line}: the loss of ${section.name} reaches no parameter of ${model.name}`,
      'declare a `param` on which a supervised output depends, or leave out the train section',
    );
  }
  const hyper = b.source('input', 'hyper', [HYPER_LENGTH]);
  const groups = packGroups(
    b,
    reached.map((p) => p.value),
  );
  const own = ownMemory(b, grads);
  const flatGrads = groups.map((group) =>
    b.apply(
      'pack',
      group.map((i) => own[i]),
      { align: PACK_ALIGNMENT },
    ),
  );
  const norm2 = flatGrads.map((g) => b.apply('sum_squares', [g])).reduce((sum, n) => b.add(sum, n));
  const state: string[] = [];
  groups.forEach((group, k) => {
    const sources = group.map((i) => reached[i].value);
    const flat = b.apply('pack', sources, { align: PACK_ALIGNMENT });
    const moment = (name: string) => {
      state.push(`${name}.${k}`);
      return b.source('state', `${name}.${k}`, b.shape(flat));
    };
    if (optimizer.kind === 'sgd') {
      const buffer = moment('momentum_buffer');
      const [p, buf] = b.applyAll('sgd_step', [flat, flatGrads[k], buffer, hyper, norm2, loss], {
        momentum: optimizer.momentum,
        nesterov: optimizer.nesterov,
        weight_decay: optimizer.weightDecay,
        clip: optimizer.clip ?? 0,
      });
      b.update(sources, p);
      b.update([buffer], buf);
      return;
    }
    const m = moment('exp_avg');
    const v = moment('exp_avg_sq');
    const [p, m2, v2] = b.applyAll('adamw_step', [flat, flatGrads[k], m, v, hyper, norm2, loss], {
      betas: [...optimizer.betas],
      eps: optimizer.eps,
      weight_decay: optimizer.weightDecay,
      clip: optimizer.clip ?? 0,
      decoupled: optimizer.kind === 'adamw',
    });
    b.update(sources, p);
    b.update([m], m2);
    b.update([v], v2);
  });
  appendBufferSteps(b, model, norm2, loss);
  b.output('loss', loss);
  b.output('norm2', norm2);
  return { graph: prune(b.build()), reached, state };
}

/**
 * The `hyper` input of step `t` (from 1): the learning rate, Adam's bias corrections 1 − β^t (Kingma and Ba 2015,
 * algorithm 1), and 1 on the first step, 0 after.
 */
export function hyperParameters(optimizer: OptimizerSpec, lr: number, t: number): Float32Array {
  const [b1, b2] = optimizer.betas;
  return Float32Array.of(lr, 1 - b1 ** t, 1 - b2 ** t, t === 1 ? 1 : 0, 0, 0, 0, 0);
}

/** Forward pass and loss of a section: the outputs `loss` and `prediction`, the logits of the model's first output. */
export function lossGraph(model: ElaboratedModel, section: TrainSection, ops: OpTable): Graph {
  const { b, loss } = withLoss(model, section, ops);
  b.output('loss', loss);
  b.output('prediction', model.outputs[0].value);
  return prune(b.build());
}

function withLoss(model: ElaboratedModel, section: TrainSection, ops: OpTable) {
  const b = new GraphBuilder(ops, { ...model.graph, outputs: [] });
  const outputs = model.outputs.map((o) => o.value);
  const [batch, , ...size] = b.shape(outputs[0]);
  const target = b.source('input', 'target', [batch, ...size], 'i32');
  return { b, loss: appendLoss(b, outputs, section.supervise, section.loss, target) };
}

function differentiated(model: ElaboratedModel, section: TrainSection, ops: OpTable) {
  requireBatchStatistics(model);
  const { b, loss } = withLoss(model, section, ops);
  const one = b.apply('full', [], { shape: [], value: 1 });
  const all = differentiate(
    b,
    new Map([[loss, one]]),
    model.parameters.map((p) => p.value),
  );
  const reached = model.parameters.filter((_, i) => all[i] !== undefined);
  return { b, loss, reached, grads: all.filter((g) => g !== undefined) };
}
