import { elementCount } from '../../ir/graph.ts';
import type { CompositeOp, PrimitiveOp } from '../../ir/op.ts';
import { exp, expm1, pow } from '../../math.ts';
import { elementwise } from '../elementwise.ts';
import { countedShare, logProbabilities, planesOf, sumAll } from './composite.ts';
import { checkLabels, checkWeights } from './labels.ts';

export const focalLoss: CompositeOp = {
  kind: 'composite',
  name: 'focal_loss',
  doc: 'Mean over all positions of −alpha[target] · (1 − p)^gamma · log p, p the probability of the target, softmax over axis 1 (Lin et al. 2017, arXiv 1708.02002, equation 5, for several classes; the mean is over positions). `alpha`: one factor a class, 1 where it is left out; it is no weight of the mean. x [B, C, ...], target [B, ...] holds class ids below C; others are ignored. → []. It is `focal(…)` in the `loss` of a train section; a spec has no tensors of class ids to call it with.',
  example: 'loss = focal(gamma: 2, alpha: <0.25, 1, 1>)',
  operands: [{ name: 'x' }, { name: 'target', dtype: 'i32' }],
  attrs: { gamma: { type: 'float', default: 2 }, alpha: { type: 'float[]', default: [] } },
  shape: (inputs, a) => {
    checkLabels('focal_loss', inputs);
    checkWeights('focal_loss', 'alpha', inputs, a);
    return [{ dims: [], dtype: 'f32' }];
  },
  expand: (b, [x, target], a) => {
    const labels = { classes: b.shape(x)[1], regions: false };
    const term = b.apply('focal_term', [logProbabilities(b, x)], { gamma: a['gamma'] });
    const weighted = b.mul(term, planesOf(b, target, labels, { weights: a['alpha'] }));
    const mean = b.affine(sumAll(b, weighted), 1 / elementCount(b.shape(target)));
    return [b.mul(mean, countedShare(b, target, labels))];
  },
};

/** −u (1 − e^u)^gamma for a log-probability u: without its own rule the gradient would divide 0 by 0 where p is 1. */
export const focalTerm: PrimitiveOp = elementwise({
  name: 'focal_term',
  doc: 'Focal loss of log-probabilities: −logp · (1 − exp(logp))^gamma.',
  operands: ['logp'],
  attrs: { gamma: { type: 'float' } },
  internal: true,
  helpers: ['focal'],
  constants: (a) => [a['gamma'] as number],
  value: (a) => (logp) => -logp * pow(missed(logp), a['gamma'] as number),
  wgsl: ([logp, gamma]) => `focal_term(${logp}, ${gamma})`,
  gradient: ({ b, inputs, grads, attrs }) => [b.apply('focal_term_backward', [inputs[0], grads[0]!], attrs)],
});

export const focalTermBackward: PrimitiveOp = elementwise({
  name: 'focal_term_backward',
  doc: 'Gradient of focal_term: dy times its derivative at logp.',
  operands: ['logp', 'dy'],
  attrs: { gamma: { type: 'float' } },
  internal: true,
  helpers: ['focal'],
  constants: (a) => [a['gamma'] as number],
  value: (a) => (logp, dy) => {
    const gamma = a['gamma'] as number;
    const q = missed(logp);
    // logp / q tends to -1 where both are 0.
    const ratio = q > 0 ? logp / q : -1;
    return dy * pow(q, gamma) * (gamma * exp(logp) * ratio - 1);
  },
  wgsl: ([logp, dy, gamma]) => `${dy} * focal_slope(${logp}, ${gamma})`,
});

/** 1 − p of a log-probability, which rounding may have made more than 0. */
const missed = (logp: number): number => Math.max(0, -expm1(logp));
