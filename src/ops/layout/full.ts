import { dimsOf, formatDims } from '../../ir/dim.ts';
import { elementCount } from '../../ir/graph.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { cutAxes, cutShape } from '../../ir/split-rule.ts';
import { f32 } from '../elementwise.ts';

export const full: PrimitiveOp = {
  kind: 'primitive',
  name: 'full',
  doc: 'A tensor whose elements are all `value` (torch.full): → `shape`.',
  example: 'forward(x: [B, 8, 16, 16]) -> [B, 8, 16, 16] { full([8, 16, 16], 0.5) + x }',
  operands: [],
  attrs: { shape: { type: 'int[]', sizes: true }, value: { type: 'float' } },
  splits: (_, [y]) =>
    cutAxes(y).map((axis) => ({
      operands: [],
      outputs: [axis],
      attrs: (part: number, whole: number) => ({ shape: cutShape(y, axis, part, whole) }),
    })),
  shape: (_, attrs, sizes) => {
    const dims = sizes ?? dimsOf(attrs['shape'] as readonly number[]);
    const bad = dims.find((d) => d.size < 1);
    if (bad) throw new ShapeError(`\`full\` of ${formatDims(dims)}: an axis cannot be ${bad}`);
    return [{ dims, dtype: 'f32' }];
  },
  gradient: () => [],
  reference: (_, attrs, [out]) => [
    { shape: out, data: new Float64Array(elementCount(out)).fill(attrs['value'] as number) },
  ],
  lowering: { kind: 'elementwise', expression: (_, attrs) => f32(attrs['value'] as number) },
};
