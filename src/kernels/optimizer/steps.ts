import { elementCount } from '../../ir/graph.ts';
import { type KernelFamily, onlyVariant } from '../variant.ts';
import { stepCall } from './step.ts';

export const adamwStep: KernelFamily = onlyVariant(
  'A thread some neighbouring parameters.',
  ({ inputs: [, grads, , , hyper, norm2, loss], outputs: [params, m, v], attrs: a, target }) => {
    const { eps, weight_decay, clip } = a as Record<string, number>;
    const [beta1, beta2] = a['betas'] as readonly number[];
    return [
      stepCall(
        target,
        'adamw_step',
        { params, m, v },
        { grads, hyper, norm2, loss },
        { decoupled: a['decoupled'] as boolean, clip: clip > 0 },
        [
          ['one_minus_beta1', 'f32', 1 - beta1],
          ['one_minus_beta2', 'f32', 1 - beta2],
          ['eps', 'f32', eps],
          ['weight_decay', 'f32', weight_decay],
          ['clip', 'f32', clip],
        ],
      ),
    ];
  },
);

export const sgdStep: KernelFamily = onlyVariant(
  'A thread some neighbouring parameters.',
  ({ inputs: [, grads, , hyper, norm2, loss], outputs: [params, buf], attrs: a, target }) => {
    const { momentum, dampening, weight_decay, clip } = a as Record<string, number>;
    return [
      stepCall(
        target,
        'sgd_step',
        { params, buf },
        { grads, hyper, norm2, loss },
        { nesterov: a['nesterov'] as boolean, clip: clip > 0 },
        [
          ['momentum', 'f32', momentum],
          ['one_minus_dampening', 'f32', 1 - dampening],
          ['weight_decay', 'f32', weight_decay],
          ['clip', 'f32', clip],
        ],
      ),
    ];
  },
);

export const bufferStep: KernelFamily = onlyVariant(
  'A thread an element.',
  ({
    inputs: [, values, norm2, loss],
    outputs: [buffers],
    target: {
      measured: { workgroup },
    },
  }) => {
    const count = elementCount(buffers.shape);
    return [
      {
        template: 'buffer_step',
        options: { workgroup, functions: 'not_finite' },
        uniforms: [['count', 'u32', count]],
        reads: [
          { name: 'values', value: values },
          { name: 'norm2', value: norm2 },
          { name: 'loss', value: loss },
        ],
        writes: [{ name: 'buffers', value: buffers, readWrite: true }],
        workgroups: Math.ceil(count / workgroup),
      },
    ];
  },
);
