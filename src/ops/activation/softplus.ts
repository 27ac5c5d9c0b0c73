import { exp, log1p } from '../../math.ts';
import { activation } from '../elementwise.ts';

export const softplus = activation({
  name: 'softplus',
  doc: 'log(1 + exp(x)) (torch.nn.functional.softplus).',
  value: () => (x) => Math.max(x, 0) + log1p(exp(-Math.abs(x))),
  derivative: () => (x) => 1 / (1 + exp(-x)),
  wgsl: (x) => `softplus(${x})`,
  wgslDerivative: (x) => `sigmoid(${x})`,
  helpers: ['sigmoid', 'softplus'],
});
