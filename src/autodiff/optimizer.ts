import type { GraphBuilder } from '../ir/builder.ts';
import type { ValueId } from '../ir/graph.ts';
import type { OptimizerSpec } from '../language/model.ts';
import { pack } from './packs.ts';

/** Numbers that change with every step, computed on the host in float64: see {@link hyperParameters}. */
const HYPER_LENGTH = 8;

/**
 * The `hyper` input of step `t` (from 1): the learning rate, Adam's bias corrections 1 − β^t (Kingma and Ba 2015,
 * algorithm 1), and 1 on the first step, 0 after.
 */
export function hyperParameters(optimizer: OptimizerSpec, lr: number, t: number): Float32Array {
  const [b1, b2] = optimizer.betas;
  return Float32Array.of(lr, 1 - b1 ** t, 1 - b2 ** t, t === 1 ? 1 : 0, 0, 0, 0, 0);
}

/** Appends the squared norm of packed gradients: a scalar, []. */
export function appendSquaredNorm(b: GraphBuilder, gradients: readonly ValueId[]): ValueId {
  return gradients.map((g) => b.apply('sum_squares', [g])).reduce((sum, n) => b.add(sum, n));
}

/**
 * Appends what parameters and the optimizer's state hold after a step; nothing changes where loss or norm is not
 * finite.
 *
 * @param groups parameters, packed together as {@link packGroups} says
 * @param gradients one pack a group
 * @returns names of the state
 */
export function appendOptimizer(
  b: GraphBuilder,
  optimizer: OptimizerSpec,
  groups: readonly (readonly ValueId[])[],
  gradients: readonly ValueId[],
  { loss, norm2 }: { readonly loss: ValueId; readonly norm2: ValueId },
): string[] {
  const hyper = b.source('input', 'hyper', [HYPER_LENGTH]);
  const state: string[] = [];
  groups.forEach((sources, k) => {
    const params = pack(b, sources);
    const moment = (name: string) => {
      state.push(`${name}.${k}`);
      return b.source('state', `${name}.${k}`, b.shape(params));
    };
    const clip = optimizer.clip ?? 0;
    if (optimizer.kind === 'sgd') {
      const buffer = moment('momentum_buffer');
      const [p, buf] = b.applyAll('sgd_step', [params, gradients[k], buffer, hyper, norm2, loss], {
        momentum: optimizer.momentum,
        nesterov: optimizer.nesterov,
        weight_decay: optimizer.weightDecay,
        clip,
      });
      b.update(sources, p);
      b.update([buffer], buf);
      return;
    }
    const m = moment('exp_avg');
    const v = moment('exp_avg_sq');
    const [p, m2, v2] = b.applyAll('adamw_step', [params, gradients[k], m, v, hyper, norm2, loss], {
      betas: [...optimizer.betas],
      eps: optimizer.eps,
      weight_decay: optimizer.weightDecay,
      clip,
      decoupled: optimizer.kind === 'adamw',
    });
    b.update(sources, p);
    b.update([m], m2);
    b.update([v], v2);
  });
  return state;
}
