import { exp } from '../../math.ts';
import { activation } from '../elementwise.ts';

const sigmoid = (x: number) => 1 / (1 + exp(-x));

export const silu = activation({
  name: 'silu',
  doc: 'x · sigmoid(x) (Hendrycks and Gimpel 2016, arXiv 1606.08415).',
  value: () => (x) => x * sigmoid(x),
  derivative: () => (x) => {
    const s = sigmoid(x);
    return s * (1 + x * (1 - s));
  },
  wgsl: (x) => `${x} * sigmoid(${x})`,
  wgslDerivative: (x) => `sigmoid(${x}) * (1.0f + ${x} * (1.0f - sigmoid(${x})))`,
  helpers: ['sigmoid'],
});
