import { formatDims } from '../../ir/dim.ts';
import { type CompositeOp, ShapeError } from '../../ir/op.ts';
import { formatEquation } from './equation.ts';
import { axisLetters } from './letters.ts';

export const matmul: CompositeOp = {
  kind: 'composite',
  name: 'matmul',
  doc: 'Matrix product of the last two axes (torch.matmul): a [..., m, k] · b [..., k, n] → [..., m, n]; leading axes are equal.',
  example: 'forward(a: [B, 4, 8, 16], b: [B, 4, 16, 32]) -> [B, 4, 8, 32] { matmul(a, b) }',
  operands: [{ name: 'a' }, { name: 'b' }],
  attrs: {},
  shape: ([a, b]) => {
    const [x, y] = [a.dims, b.dims];
    const wrong = (why: string, hint?: string) =>
      new ShapeError(`\`matmul\` of ${formatDims(x)} and ${formatDims(y)}: ${why}`, [0, 1], hint);
    if (x.length < 2 || x.length !== y.length) {
      throw wrong('the operands need two or more axes, as many in both');
    }
    const lead = x.length - 2;
    for (let i = 0; i < lead; i++) {
      if (!x[i].equals(y[i])) throw wrong(`leading axis ${i} is ${x[i]} and ${y[i]}`);
    }
    if (!x[lead + 1].equals(y[lead])) {
      throw wrong(
        `the inner axes are ${x[lead + 1]} and ${y[lead]}`,
        'the last axis of the first operand and the last but one of the second must be equal',
      );
    }
    return [{ dims: [...x.slice(0, lead + 1), y[lead + 1]], dtype: 'f32' }];
  },
  expand: (b, [x, y]) => {
    const letters = axisLetters(b.shape(x).length + 1);
    const [m, k, n] = letters.slice(-3);
    const lead = letters.slice(0, -3);
    return [b.einsum(formatEquation([...lead, m, k], [...lead, k, n], [...lead, m, n]), x, y)];
  },
};
