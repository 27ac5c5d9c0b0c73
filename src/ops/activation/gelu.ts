import { exp, tanh } from '../../math.ts';
import { activation } from '../elementwise.ts';
import { erf } from './erf.ts';

const cdf = (x: number) => 0.5 * (1 + erf(x * Math.SQRT1_2));
const density = (x: number) => exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

export const gelu = activation({
  name: 'gelu',
  doc: "x · Φ(x), Φ the normal distribution's function by erf (Hendrycks and Gimpel 2016, arXiv 1606.08415).",
  value: () => (x) => x * cdf(x),
  derivative: () => (x) => cdf(x) + x * density(x),
  wgsl: (x) => `0.5f * ${x} * (1.0f + erf(${x} * 0.70710678f))`,
  wgslDerivative: (x) =>
    `0.5f * (1.0f + erf(${x} * 0.70710678f)) + ${x} * 0.39894228f * exp(-0.5f * ${x} * ${x})`,
  helpers: ['erf'],
});

const SCALE = Math.sqrt(2 / Math.PI);
const inner = (x: number) => SCALE * (x + 0.044715 * x * x * x);

export const gelu_tanh = activation({
  name: 'gelu_tanh',
  doc: 'GELU by its approximation x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))) (arXiv 1606.08415, section 2).',
  value: () => (x) => 0.5 * x * (1 + tanh(inner(x))),
  derivative: () => (x) => {
    const t = tanh(inner(x));
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * SCALE * (1 + 3 * 0.044715 * x * x);
  },
  wgsl: (x) => `0.5f * ${x} * (1.0f + gelu_tanh_inner(${x}))`,
  wgslDerivative: (x) =>
    `0.5f * (1.0f + gelu_tanh_inner(${x})) + 0.5f * ${x} * ` +
    `(1.0f - gelu_tanh_inner(${x}) * gelu_tanh_inner(${x})) * (0.79788456f + 0.10703222f * ${x} * ${x})`,
  helpers: ['safe_tanh', 'gelu_tanh_inner'],
});
