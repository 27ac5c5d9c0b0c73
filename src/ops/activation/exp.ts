import { activation } from '../elementwise.ts';

export const exp = activation({
  name: 'exp',
  doc: 'e to the x (torch.exp).',
  value: () => Math.exp,
  derivative: () => Math.exp,
  wgsl: (x) => `exp(${x})`,
  wgslDerivative: (x) => `exp(${x})`,
});
