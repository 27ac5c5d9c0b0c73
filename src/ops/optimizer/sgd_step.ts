import type { PrimitiveOp } from '../../ir/op.ts';
import { checkStep, clipFactor } from './step.ts';

export const sgdStep: PrimitiveOp = {
  kind: 'primitive',
  name: 'sgd_step',
  doc: 'One step of SGD with (Nesterov) momentum as PyTorch computes it (torch.optim.SGD; Sutskever et al. 2013), in place: params, buf [n] from grads [n], hyper [8] = (learning rate, …, …, 1 at the first step, …), norm2 [] = Σ g² of all gradients, loss []. Gradients are scaled by min(1, clip / (√norm2 + 1e-6)) unless clip is 0. Where loss or norm2 is not finite nothing changes.',
  operands: [
    { name: 'params' },
    { name: 'grads' },
    { name: 'buf' },
    { name: 'hyper' },
    { name: 'norm2' },
    { name: 'loss' },
  ],
  attrs: {
    momentum: { type: 'float', default: 0 },
    dampening: { type: 'float', default: 0 },
    nesterov: { type: 'bool', default: false },
    weight_decay: { type: 'float', default: 0 },
    clip: { type: 'float', default: 0 },
  },
  internal: true,
  shape: (inputs) => {
    checkStep('sgd_step', inputs.slice(0, 3), inputs.slice(3));
    return [inputs[0], inputs[2]];
  },
  reference: ([params, grads, buf, hyper, norm2, loss], a) => {
    const { momentum, dampening, weight_decay } = a as Record<string, number>;
    const factor = clipFactor(norm2, loss, a['clip'] as number);
    if (factor === undefined) return [params, buf];
    const out = [params, buf].map((t) => ({ shape: t.shape, data: Float64Array.from(t.data) }));
    const [w, velocity] = out.map((t) => t.data);
    const [rate, , , first] = hyper.data;
    for (let i = 0; i < w.length; i++) {
      const g = grads.data[i] * factor + w[i] * weight_decay;
      velocity[i] = first === 1 ? g : momentum * velocity[i] + (1 - dampening) * g;
      w[i] -= rate * (a['nesterov'] ? g + momentum * velocity[i] : velocity[i]);
    }
    return out;
  },
  lowering: { kind: 'kernels', inPlace: { 0: 0, 1: 2 } },
};
