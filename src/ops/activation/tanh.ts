import * as math from '../../math.ts';
import { activation } from '../elementwise.ts';

export const tanh = activation({
  name: 'tanh',
  doc: 'Hyperbolic tangent, (exp(x) − exp(−x)) / (exp(x) + exp(−x)) (torch.tanh).',
  value: () => math.tanh,
  derivative: () => (x) => 1 - math.square(math.tanh(x)),
  wgsl: (x) => `safe_tanh(${x})`,
  wgslDerivative: (x) => `1.0f - safe_tanh(${x}) * safe_tanh(${x})`,
  helpers: ['safe_tanh'],
});
