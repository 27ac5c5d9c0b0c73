import type { PrimitiveOp } from '../../ir/op.ts';
import { checkStep, clipFactor } from './step.ts';

export const adamwStep: PrimitiveOp = {
  kind: 'primitive',
  name: 'adamw_step',
  doc: 'One step of AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) or, not `decoupled`, Adam (Kingma and Ba 2015, arXiv 1412.6980) as PyTorch computes it, in place: params, m, v [n] from grads [n], hyper [8] = (learning rate, 1 − β1^t, 1 − β2^t, …), norm2 [] = Σ g² of all gradients, loss []. Gradients are scaled by min(1, clip / (√norm2 + 1e-6)) unless clip is 0. Where loss or norm2 is not finite nothing changes.',
  operands: [
    { name: 'params' },
    { name: 'grads' },
    { name: 'm' },
    { name: 'v' },
    { name: 'hyper' },
    { name: 'norm2' },
    { name: 'loss' },
  ],
  attrs: {
    betas: { type: 'float[]', default: [0.9, 0.999] },
    eps: { type: 'float', default: 1e-8 },
    weight_decay: { type: 'float', default: 0.01 },
    clip: { type: 'float', default: 0 },
    decoupled: { type: 'bool', default: true },
  },
  internal: true,
  shape: (inputs) => {
    checkStep('adamw_step', inputs.slice(0, 4), inputs.slice(4));
    return [inputs[0], inputs[2], inputs[3]];
  },
  reference: ([params, grads, m, v, hyper, norm2, loss], a) => {
    const { eps, weight_decay } = a as Record<string, number>;
    const [beta1, beta2] = a['betas'] as readonly number[];
    const factor = clipFactor(norm2, loss, a['clip'] as number);
    if (factor === undefined) return [params, m, v];
    const out = [params, m, v].map((t) => ({ shape: t.shape, data: Float64Array.from(t.data) }));
    const [w, mean, square] = out.map((t) => t.data);
    const [rate, correction1, correction2] = hyper.data;
    for (let i = 0; i < w.length; i++) {
      let g = grads.data[i] * factor;
      if (a['decoupled']) w[i] *= 1 - rate * weight_decay;
      else g += w[i] * weight_decay;
      mean[i] = beta1 * mean[i] + (1 - beta1) * g;
      square[i] = beta2 * square[i] + (1 - beta2) * g * g;
      w[i] -= ((rate / correction1) * mean[i]) / (Math.sqrt(square[i] / correction2) + eps);
    }
    return out;
  },
  lowering: { kind: 'kernels', inPlace: { 0: 0, 1: 2, 2: 3 } },
};
