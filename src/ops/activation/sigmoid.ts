import { exp } from '../../math.ts';
import { activation } from '../elementwise.ts';

const value = (x: number) => 1 / (1 + exp(-x));

export const sigmoid = activation({
  name: 'sigmoid',
  doc: '1 / (1 + exp(−x)) (torch.sigmoid).',
  value: () => value,
  derivative: () => (x) => value(x) * (1 - value(x)),
  wgsl: (x) => `sigmoid(${x})`,
  wgslDerivative: (x) => `sigmoid(${x}) * sigmoid(-${x})`,
  helpers: ['sigmoid'],
});
