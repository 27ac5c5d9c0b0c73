import { activation, f32 } from '../elementwise.ts';

export const relu = activation({
  name: 'relu',
  doc: 'max(x, 0); its derivative at 0 is 0 (torch.nn.functional.relu).',
  value: () => (x) => Math.max(x, 0),
  derivative: () => (x) => (x > 0 ? 1 : 0),
  wgsl: (x) => `max(${x}, 0.0f)`,
  wgslDerivative: (x) => `select(0.0f, 1.0f, ${x} > 0.0f)`,
});

export const leaky_relu = activation({
  name: 'leaky_relu',
  doc: 'x where x > 0, else slope · x (Maas et al. 2013).',
  attrs: { slope: { type: 'float', default: 0.01 } },
  value: (a) => (x) => (x > 0 ? x : (a['slope'] as number) * x),
  derivative: (a) => (x) => (x > 0 ? 1 : (a['slope'] as number)),
  wgsl: (x, a) => `select(${f32(a['slope'] as number)} * ${x}, ${x}, ${x} > 0.0f)`,
  wgslDerivative: (x, a) => `select(${f32(a['slope'] as number)}, 1.0f, ${x} > 0.0f)`,
});
