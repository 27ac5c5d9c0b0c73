import { GraphBuilder } from '../ir/builder.ts';
import { elementCount, type Graph, type ValueId } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import { prune } from '../ir/prune.ts';
import type { ElaboratedModel, OptimizerSpec, Parameter, TrainSection } from '../language/program.ts';
import { differentiate } from './gradients.ts';
import { appendLoss } from './loss.ts';

/** Numbers that change with every step, computed on the host in float64: see {@link hyperParameters}. */
export const HYPER_LENGTH = 8;

/** Packed tensors start at multiples of so many elements (256 bytes, WebGPU's offset alignment). */
const PACK_ALIGNMENT = 64;

/** A pack must fit one storage binding; 128 MiB is what WebGPU guarantees, and the padding needs some of it. */
const PACK_BYTES = 96 * 2 ** 20;

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
 * not reach stay as they are, weight decay included.
 */
export function trainingGraph(
  model: ElaboratedModel,
  section: TrainSection,
  optimizer: OptimizerSpec,
  ops: OpTable,
): TrainingGraph {
  const { b, loss, reached, grads } = differentiated(model, section, ops);
  const hyper = b.source('input', 'hyper', [HYPER_LENGTH]);
  const groups = packGroups(b, reached);
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

function differentiated(model: ElaboratedModel, section: TrainSection, ops: OpTable) {
  const b = new GraphBuilder(ops, { ...model.graph, outputs: [] });
  const outputs = model.outputs.map((o) => o.value);
  const [batch, , ...size] = b.shape(outputs[0]);
  const target = b.source('input', 'target', [batch, ...size], 'i32');
  const loss = appendLoss(b, outputs, section.supervise, section.loss, target);
  const one = b.apply('full', [], { shape: [], value: 1 });
  const all = differentiate(
    b,
    new Map([[loss, one]]),
    model.parameters.map((p) => p.value),
  );
  const reached = model.parameters.filter((_, i) => all[i] !== undefined);
  return { b, loss, reached, grads: all.filter((g) => g !== undefined) };
}

/** Splits parameters into groups whose packs fit a binding. */
function packGroups(b: GraphBuilder, parameters: readonly Parameter[]): number[][] {
  const groups: number[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  parameters.forEach((p, i) => {
    const size = 4 * Math.ceil(elementCount(b.shape(p.value)) / PACK_ALIGNMENT) * PACK_ALIGNMENT;
    if (bytes + size > PACK_BYTES) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)!.push(i);
    bytes += size;
  });
  return groups;
}

/** Packed values need memory of their own: one that is shared, a view of a source or used twice is copied. */
function ownMemory(b: GraphBuilder, values: readonly ValueId[]): ValueId[] {
  const viewOf = new Map<ValueId, ValueId>();
  for (const node of b.nodeList) if (node.op === 'reshape') viewOf.set(node.outputs[0], node.inputs[0]);
  const computed = new Set(b.nodeList.flatMap((n) => n.outputs));
  const taken = new Set<ValueId>();
  return values.map((v) => {
    let root = v;
    for (let next = viewOf.get(root); next !== undefined; next = viewOf.get(root)) root = next;
    if (computed.has(root) && !taken.has(root)) {
      taken.add(root);
      return v;
    }
    return b.affine(v, 1);
  });
}
