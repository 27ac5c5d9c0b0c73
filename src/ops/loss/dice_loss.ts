import { Dim } from '../../ir/dim.ts';
import type { Attrs, Shape } from '../../ir/graph.ts';
import type { CompositeOp, PrimitiveOp, RefTensor, TensorType } from '../../ir/op.ts';
import { exp } from '../../math.ts';
import { LEAST_DENOMINATOR, overlapLoss } from './composite.ts';
import { checkForeground, checkLabels, checkRegions, logitLayout } from './labels.ts';
import { sharedLogSumExp } from './log_sum_exp.ts';

const attrs = {
  batch: { type: 'bool', default: true },
  background: { type: 'bool', default: false },
  smooth: { type: 'float', default: 1e-5 },
} as const;

export const diceLoss: CompositeOp = {
  kind: 'composite',
  name: 'dice_loss',
  doc: '−mean over classes of the soft Dice (2 Σ p·y + smooth) / max(Σ p + Σ y + smooth, 1e-8), p = softmax(x) over axis 1, y the one-hot target (Milletari et al. 2016, arXiv 1606.04797, in the form of nnU-Net v2). `batch`: the sums run over batch and space, otherwise over space, with the mean over samples too; `background`: class 0 counts. x [B, C, ...], target [B, ...] holds class ids below C; positions of others, such as -1, are in no sum. With `sigmoid` the channels are regions, of which all count: p = sigmoid(x), and bit r of a target says that the position belongs to region r. → []. It is `dice(…)` in the `loss` of a train section; a spec has no tensors of class ids to call it with.',
  example: 'loss = cross_entropy + dice(batch: true, background: false, smooth: 1e-5)',
  operands: [{ name: 'x' }, { name: 'target', dtype: 'i32' }],
  attrs: { ...attrs, sigmoid: { type: 'bool', default: false } },
  shape: (inputs, a) => {
    checkLabels('dice_loss', inputs);
    if (a['sigmoid']) checkRegions('dice_loss', inputs);
    else checkForeground('dice_loss', inputs, a);
    return [{ dims: [], dtype: 'f32' }];
  },
  expand: (b, [x, target], { sigmoid, ...a }) => {
    if (!sigmoid) return [b.apply('dice_loss_from', [x, target, sharedLogSumExp(b, x)], a)];
    const overlap = { factor: 2, predicted: 1, wanted: 1, both: 0, smooth: a['smooth'] as number };
    const sums = { regions: true, batch: a['batch'] as boolean, background: true };
    return [overlapLoss(b, [x, target], overlap, sums)];
  },
};

export const diceLossFrom: PrimitiveOp = {
  kind: 'primitive',
  name: 'dice_loss_from',
  doc: 'Soft Dice loss, given the log-sum-exp of the logits. The second output holds, for each class (and sample), what the derivative of the loss by a probability is where the label is the class, beyond what it is everywhere; and that.',
  operands: [{ name: 'x' }, { name: 'target', dtype: 'i32' }, { name: 'lse' }],
  attrs,
  internal: true,
  splits: (_inputs, _outputs, a) =>
    a['batch'] ? [] : [{ operands: [0, 0, 0], outputs: ['mean', 0], weighed: [1] }],
  unfused: (b, inputs, { batch, background, smooth }) => {
    const [samples, classes] = b.shape(inputs[0]);
    const sums = b.apply('dice_sums', inputs, { batch });
    return b.applyAll('dice_from_sums', [sums], {
      classes,
      samples: batch ? 1 : samples,
      background,
      smooth,
    });
  },
  shape: (inputs, a) => [...diceLoss.shape(inputs, a), sumsType(inputs, a)],
  gradient: ({ b, inputs, outputs, grads, attrs: a }) => [
    b.apply('dice_loss_backward', [...inputs, outputs[1], grads[0]!], { batch: a['batch'] }),
  ],
  reference: (inputs, a, [, slopes]) => {
    const l = diceLayout(inputs[0].shape, a);
    return diceOf(sumsOf(inputs, a), l, a['smooth'] as number, slopes);
  },
  lowering: { kind: 'kernels' },
};

export const diceSums: PrimitiveOp = {
  kind: 'primitive',
  name: 'dice_sums',
  doc: 'What the soft Dice loss is made of, given the log-sum-exp of the logits: for each class (and sample) Σ p·y and Σ p + Σ y, over the positions whose label is a class.',
  operands: [{ name: 'x' }, { name: 'target', dtype: 'i32' }, { name: 'lse' }],
  attrs: { batch: attrs.batch },
  internal: true,
  splits: (_inputs, _outputs, a) => [{ operands: [0, 0, 0], outputs: [a['batch'] ? 'sum' : 0] }],
  shape: (inputs, a) => [sumsType(inputs, a)],
  reference: (inputs, a, [shape]) => [{ shape, data: sumsOf(inputs, a) }],
  exact: [0],
  lowering: { kind: 'kernels' },
};

export const diceFromSums: PrimitiveOp = {
  kind: 'primitive',
  name: 'dice_from_sums',
  doc: 'Soft Dice loss and the slopes of `dice_loss_from`, given the sums of each class (and of so many samples).',
  operands: [{ name: 'sums' }],
  attrs: {
    classes: { type: 'int' },
    samples: { type: 'int' },
    background: attrs.background,
    smooth: attrs.smooth,
  },
  internal: true,
  shape: ([sums]) => [{ dims: [], dtype: 'f32' }, sums],
  reference: ([sums], a, [, slopes]) => [...diceOf(sums.data, sumsLayout(a), a['smooth'] as number, slopes)],
  lowering: { kind: 'kernels' },
};

export const diceLossBackward: PrimitiveOp = {
  kind: 'primitive',
  name: 'dice_loss_backward',
  doc: 'Gradient of the soft Dice loss by the logits, through the softmax, 0 where the label is no class; dloss is 1 where it is left out.',
  operands: [
    { name: 'x' },
    { name: 'target', dtype: 'i32' },
    { name: 'lse' },
    { name: 'slopes' },
    { name: 'dloss', optional: true },
  ],
  attrs: { batch: attrs.batch },
  internal: true,
  splits: (inputs, _, a) => {
    const labelled = [0, 0, 0, a['batch'] ? undefined : 0, undefined];
    return [{ operands: labelled.slice(0, inputs.length), outputs: [0] }];
  },
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

/** The same for sums that are there. */
export function sumsLayout(a: Attrs) {
  const [classes, samples] = [a['classes'] as number, a['samples'] as number];
  const firstClass = a['background'] ? 0 : 1;
  return { classes, firstClass, rows: classes * samples, scale: 1 / ((classes - firstClass) * samples) };
}

function sumsType(inputs: readonly TensorType[], a: Attrs): TensorType {
  const [samples, classes] = inputs[0].dims;
  return { dims: [a['batch'] ? classes : samples.times(classes)!, Dim.of(2)], dtype: 'f32' };
}

function sumsOf([x, target, lse]: readonly RefTensor[], a: Attrs): Float64Array {
  const { rows, sampleRows } = diceLayout(x.shape, { ...a, background: true });
  const sums = new Float64Array(2 * rows);
  eachProbability(x, target, lse, (_at, sample, c, probability, hit) => {
    const row = sample * sampleRows + c;
    sums[2 * row] += probability * hit;
    sums[2 * row + 1] += probability + hit;
  });
  return sums;
}

/** Loss and slopes. */
function diceOf(
  sums: Float64Array,
  { classes, firstClass, rows, scale }: ReturnType<typeof sumsLayout>,
  smooth: number,
  slopesShape: Shape,
): RefTensor[] {
  const slopes = new Float64Array(2 * rows);
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    if (row % classes < firstClass) continue;
    const wanted = sums[2 * row + 1] + smooth;
    const denominator = Math.max(wanted, LEAST_DENOMINATOR);
    const dice = (2 * sums[2 * row] + smooth) / denominator;
    loss -= dice * scale;
    slopes[2 * row] = (-2 * scale) / denominator;
    slopes[2 * row + 1] = wanted < LEAST_DENOMINATOR ? 0 : (scale * dice) / denominator;
  }
  return [
    { shape: [], data: Float64Array.of(loss) },
    { shape: slopesShape, data: slopes },
  ];
}

/** Of the positions whose label is a class. */
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
    const label = target.data[position];
    if (label < 0 || label >= classes) continue;
    f(at, sample, c, exp(x.data[at] - lse.data[position]), label === c ? 1 : 0);
  }
}
