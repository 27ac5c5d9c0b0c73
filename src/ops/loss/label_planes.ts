import { Dim } from '../../ir/dim.ts';
import { type Attrs, elementCount } from '../../ir/graph.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { cutAxes } from '../../ir/split-rule.ts';
import { scale } from '../../math.ts';

/** What losses that have no kernels of their own are made of; of labels, so that no gradient flows through it. */
export const labelPlanes: PrimitiveOp = {
  kind: 'primitive',
  name: 'label_planes',
  doc: 'Labels [B, ...] as planes of numbers, one a class: → [B, classes, ...] (or [B, 1, ...], unless `each`). `on` where a label is the plane’s class, or with `regions` has the bit of that number, `off` where it is not, both times the class’s weight; `ignored` where the label is no class, or no set of regions: there it counts for no loss.',
  operands: [{ name: 'target', dtype: 'i32' }],
  attrs: {
    classes: { type: 'int' },
    regions: { type: 'bool', default: false },
    each: { type: 'bool', default: true },
    on: { type: 'float', default: 1 },
    off: { type: 'float', default: 0 },
    ignored: { type: 'float', default: 0 },
    weights: { type: 'float[]', default: [] },
  },
  internal: true,
  splits: ([target]) =>
    cutAxes(target).map((axis) => ({ operands: [axis], outputs: [axis === 0 ? 0 : axis + 1] })),
  shape: ([target], a) => {
    if (target.dtype !== 'i32') {
      throw new ShapeError(`\`label_planes\` needs labels of type i32, found ${target.dtype}`, [0]);
    }
    const [batch, ...space] = target.dims;
    return [{ dims: [batch, Dim.of(planeCount(a)), ...space], dtype: 'f32' }];
  },
  gradient: () => [undefined],
  reference: ([target], a, [out]) => {
    const planes = planeCount(a);
    const inner = elementCount(target.shape.slice(1));
    const [on, off, ignored] = ['on', 'off', 'ignored'].map((name) => a[name] as number);
    const weights = a['weights'] as readonly number[];
    const data = new Float64Array(elementCount(out));
    for (let i = 0; i < data.length; i++) {
      const plane = Math.floor(i / inner) % planes;
      const label = target.data[Math.floor(i / (planes * inner)) * inner + (i % inner)];
      const counts = label >= 0 && label < labelLimit(a);
      const hit = a['regions'] ? ((label >> plane) & 1) === 1 : label === plane;
      data[i] = counts ? (hit ? on : off) * (weights[plane] ?? 1) : ignored;
    }
    return [{ shape: out, data }];
  },
  exact: [0],
  lowering: { kind: 'kernels' },
};

/** Labels from here on are no class, or no set of regions; as unsigned numbers negative ones are, too. */
export const labelLimit = (a: Attrs): number =>
  a['regions'] ? scale(1, a['classes'] as number) : (a['classes'] as number);

export const planeCount = (a: Attrs): number => (a['each'] ? (a['classes'] as number) : 1);
