import { elementwise } from '../elementwise.ts';

export const add = elementwise({
  name: 'add',
  doc: 'a + b, broadcast as in NumPy (torch.add): a [...], b [...] → the shape that both broadcast to. With a number it is `affine`.',
  example: 'forward(x: [B, 8, 16, 16], bias: [8, 1, 1]) -> [B, 8, 16, 16] { x + bias }',
  operands: ['a', 'b'],
  value: () => (a, b) => a + b,
  wgsl: ([a, b]) => `${a} + ${b}`,
  gradient: ({ b, inputs, grads, needs }) =>
    inputs.map((x, i) => (needs(i) ? b.unbroadcast(grads[0]!, b.shape(x)) : undefined)),
});

export const sub = elementwise({
  name: 'sub',
  doc: 'a - b, broadcast as in NumPy (torch.sub): a [...], b [...] → the shape that both broadcast to.',
  example: 'forward(x: [B, 8, 16, 16], mean: [8, 1, 1]) -> [B, 8, 16, 16] { x - mean }',
  operands: ['a', 'b'],
  value: () => (a, b) => a - b,
  wgsl: ([a, b]) => `${a} - ${b}`,
  gradient: ({ b, inputs: [x, y], grads, needs }) => [
    needs(0) ? b.unbroadcast(grads[0]!, b.shape(x)) : undefined,
    needs(1) ? b.unbroadcast(b.affine(grads[0]!, -1), b.shape(y)) : undefined,
  ],
});

export const mul = elementwise({
  name: 'mul',
  doc: 'a · b element by element, broadcast as in NumPy (torch.mul): a [...], b [...] → the shape that both broadcast to.',
  example: 'forward(x: [B, 8, 16, 16], gate: [B, 8, 1, 1]) -> [B, 8, 16, 16] { x * gate }',
  operands: ['a', 'b'],
  value: () => (a, b) => a * b,
  wgsl: ([a, b]) => `${a} * ${b}`,
  gradient: ({ b, inputs: [x, y], grads, needs }) => [
    needs(0) ? b.unbroadcast(b.mul(grads[0]!, y), b.shape(x)) : undefined,
    needs(1) ? b.unbroadcast(b.mul(grads[0]!, x), b.shape(y)) : undefined,
  ],
});

export const div = elementwise({
  name: 'div',
  doc: 'a / b element by element, broadcast as in NumPy (torch.div): a [...], b [...] → the shape that both broadcast to.',
  example: 'forward(x: [B, 8, 16, 16], scale: [8, 1, 1]) -> [B, 8, 16, 16] { x / scale }',
  operands: ['a', 'b'],
  value: () => (a, b) => a / b,
  wgsl: ([a, b]) => `${a} / ${b}`,
  gradient: ({ b, inputs: [x, y], outputs, grads, needs }) => {
    const d = b.div(grads[0]!, y);
    return [
      needs(0) ? b.unbroadcast(d, b.shape(x)) : undefined,
      needs(1) ? b.unbroadcast(b.affine(b.mul(d, outputs[0]), -1), b.shape(y)) : undefined,
    ];
  },
});

export const affine = elementwise({
  name: 'affine',
  doc: 'x · factor + offset, with constants: x [...] → [...]. It is what `2 * x + 1` becomes, and PyTorch computes for it.',
  example: 'forward(x: [B, 8]) -> [B, 8] { affine(x, factor: 0.5, offset: 1) }',
  operands: ['x'],
  attrs: { factor: { type: 'float' }, offset: { type: 'float', default: 0 } },
  value: (a) => (x) => x * (a['factor'] as number) + (a['offset'] as number),
  wgsl: ([x, factor, offset]) => `${x} * ${factor} + ${offset}`,
  constants: (a) => [a['factor'] as number, a['offset'] as number],
  gradient: ({ b, grads, attrs }) => [b.affine(grads[0]!, attrs['factor'] as number)],
});

export const detach = elementwise({
  name: 'detach',
  doc: 'x itself, through which no gradient flows (torch.Tensor.detach): x [...] → [...].',
  example: 'forward(x: [B, 8, 16, 16]) -> [B, 8, 16, 16] { x + detach(relu(x) - x) }',
  operands: ['x'],
  value: () => (x) => x,
  wgsl: ([x]) => x,
  gradient: () => [undefined],
});
