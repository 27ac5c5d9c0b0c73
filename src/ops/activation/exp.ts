import { activation } from '../elementwise.ts';

export const exp = activation({
  name: 'exp',
  doc: 'e to the x.',
  value: () => Math.exp,
  derivative: () => Math.exp,
  wgsl: (x) => `exp(${x})`,
  wgslDerivative: (x) => `exp(${x})`,
});
