import * as math from '../../math.ts';
import { activation } from '../elementwise.ts';

export const exp = activation({
  name: 'exp',
  doc: 'e to the x (torch.exp).',
  value: () => math.exp,
  derivative: () => math.exp,
  wgsl: (x) => `exp(${x})`,
  wgslDerivative: (x) => `exp(${x})`,
});
