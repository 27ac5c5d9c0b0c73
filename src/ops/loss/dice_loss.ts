import { Dim } from '../../ir/dim.ts';
import type { Attrs, Shape } from '../../ir/graph.ts';
import { type CompositeOp, type PrimitiveOp, type RefTensor, ShapeError } from '../../ir/op.ts';
import { checkLabels, logitLayout } from './labels.ts';
import { sharedLogSumExp } from './log_sum_exp.ts';

const attrs = {
  batch: { type: 'bool', default: true },
  background: { type: 'bool', default: false },
  smooth: { type: 'float', default: 1e-5 },
} as const;

/** Below this a Dice denominator is clipped, as nnU-Net does. */
const LEAST_DENOMINATOR = 1e-8;

export const diceLoss: CompositeOp = {
  kind: 'composite',
  name: 'dice_loss',
  doc: '−mean over classes of the soft Dice (2 Σ p·y + smooth) / max(Σ p + Σ y + smooth, 1e-8), p = softmax(x) over axis 1, y the one-hot target (Milletari et al. 2016, arXiv 1606.04797, in the form of nnU-Net v2). `batch`: the sums run over batch and space, otherwise over space, with the mean over samples too; `background`: class 0 counts. x [B, C, ...], target [B, ...] holds class ids below C. → []. It is `dice(…)` in the `loss` of a train section; a spec has no tensors of class ids to call it with.',
  example: 'loss = cross_entropy + dice(batch: true, background: false, smooth: 1e-5)',
  operands: [{ name: 'x' }, { name: 'target', dtype: 'i32' }],
  attrs,
  shape: (inputs, a) => {
    checkLabels('dice_loss', inputs);
    if (!a['background'] && inputs[0].dims[1].equals(1)) {
      throw new ShapeError('`dice_loss` without background needs at least two classes, found 1', [0]);
    }
    return [{ dims: [], dtype: 'f32' }];
  },
  expand: (b, [x, target], a) => [b.apply('dice_loss_from', [x, target, sharedLogSumExp(b, x)], a)],
};

export const diceLossFrom: PrimitiveOp = {
  kind: 'primitive',
  name: 'dice_loss_from',
  doc: 'Soft Dice loss, given the log-sum-exp of the logits. The second output holds, for each class (and sample), what the derivative of the loss by a probability is where the label is the class, beyond what it is everywhere; and that.',
  operands: [{ name: 'x' }, { name: 'target', dtype: 'i32' }, { name: 'lse' }],
  attrs,
  internal: true,
  shape: (inputs, a) => {
    const [samples, classes] = inputs[0].dims;
    const rows = a['batch'] ? classes : samples.times(classes)!;
    return [...diceLoss.shape(inputs, a), { dims: [rows, Dim.of(2)], dtype: 'f32' }];
  },
  gradient: ({ b, inputs, outputs, grads, attrs: a }) => [
    b.apply('dice_loss_backward', [...inputs, outputs[1], grads[0]!], { batch: a['batch'] }),
  ],
  reference: ([x, target, lse], a, [, slopesShape]) => {
    const l = diceLayout(x.shape, a);
    const overlap = new Float64Array(l.rows);
    const total = new Float64Array(l.rows);
    eachProbability(x, target, lse, (_at, sample, c, probability, hit) => {
      const row = sample * l.sampleRows + c;
      overlap[row] += probability * hit;
      total[row] += probability + hit;
    });
    const slopes = new Float64Array(2 * l.rows);
    let loss = 0;
    for (let row = 0; row < l.rows; row++) {
      if (row % l.classes < l.firstClass) continue;
      const wanted = total[row] + (a['smooth'] as number);
      const denominator = Math.max(wanted, LEAST_DENOMINATOR);
      const dice = (2 * overlap[row] + (a['smooth'] as number)) / denominator;
      loss -= dice * l.scale;
      slopes[2 * row] = (-2 * l.scale) / denominator;
      slopes[2 * row + 1] = wanted < LEAST_DENOMINATOR ? 0 : (l.scale * dice) / denominator;
    }
    return [
      { shape: [], data: Float64Array.of(loss) },
      { shape: slopesShape, data: slopes },
    ];
  },
  lowering: { kind: 'kernels' },
};

export const diceLossBackward: PrimitiveOp = {
  kind: 'primitive',
  name: 'dice_loss_backward',
  doc: 'Gradient of the soft Dice loss by the logits, through the softmax; dloss is 1 where it is left out.',
  operands: [
    { name: 'x' },
    { name: 'target', dtype: 'i32' },
    { name: 'lse' },
    { name: 'slopes' },
    { name: 'dloss', optional: true },
  ],
  attrs: { batch: attrs.batch },
  internal: true,
  splits: (_inputs, _outputs, a) => [
    { operands: [0, 0, 0, a['batch'] ? undefined : 0, undefined], outputs: [0] },
  ],
  shape: ([x]) => [{ dims: x.dims, dtype: 'f32' }],
  reference: ([x, target, lse, slopes, dloss], a) => {
    const { inner, sampleRows, classes } = diceLayout(x.shape, { ...a, background: true });
    const data = new Float64Array(x.data.length);
    const dots = new Float64Array(lse.data.length);
    const weight = dloss?.data[0] ?? 1;
    const position = (at: number, sample: number) => sample * inner + (at % inner);
    const slope = (sample: number, c: number, hit: number) => {
      const row = sample * sampleRows + (c % classes);
      return slopes.data[2 * row + 1] + hit * slopes.data[2 * row];
    };
    eachProbability(x, target, lse, (at, sample, c, probability, hit) => {
      dots[position(at, sample)] += probability * slope(sample, c, hit);
    });
    eachProbability(x, target, lse, (at, sample, c, probability, hit) => {
      data[at] = weight * probability * (slope(sample, c, hit) - dots[position(at, sample)]);
    });
    return [{ shape: x.shape, data }];
  },
  lowering: { kind: 'kernels' },
};

/** Which sums there are: one a class, or one a class and sample. */
export function diceLayout(shape: Shape, a: Attrs) {
  const { samples, classes, inner } = logitLayout(shape);
  const firstClass = a['background'] ? 0 : 1;
  const batch = a['batch'] as boolean;
  return {
    classes,
    inner,
    firstClass,
    rows: batch ? classes : samples * classes,
    samplesPerRow: batch ? samples : 1,
    /** Rows from one sample's to the next's. */
    sampleRows: batch ? 0 : classes,
    scale: 1 / ((classes - firstClass) * (batch ? 1 : samples)),
  };
}

function eachProbability(
  x: RefTensor,
  target: RefTensor,
  lse: RefTensor,
  f: (at: number, sample: number, c: number, probability: number, hit: number) => void,
): void {
  const { classes, inner } = logitLayout(x.shape);
  for (let at = 0; at < x.data.length; at++) {
    const plane = Math.floor(at / inner);
    const sample = Math.floor(plane / classes);
    const position = sample * inner + (at % inner);
    const c = plane % classes;
    f(at, sample, c, Math.exp(x.data[at] - lse.data[position]), target.data[position] === c ? 1 : 0);
  }
}
