import type { CompositeOp } from '../../ir/op.ts';
import { overlapLoss } from './composite.ts';
import { checkForeground, checkLabels, checkRegions } from './labels.ts';

export const tverskyLoss: CompositeOp = {
  kind: 'composite',
  name: 'tversky_loss',
  doc: '−mean over classes of the Tversky index (Σ p·y + smooth) / max(Σ p·y + alpha Σ p·(1 − y) + beta Σ (1 − p)·y + smooth, 1e-8), p = softmax(x) over axis 1, y the one-hot target (Salehi et al. 2017, arXiv 1706.05721, equation 2): alpha weighs false positives, beta what is missed; 0.5 for both is Dice. `batch`, `background` as of `dice_loss`. With `sigmoid` the channels are regions: p = sigmoid(x), and bit r of a target says that the position belongs to region r. Positions whose target is no class (no set of regions) are in no sum. x [B, C, ...], target [B, ...]. → []. It is `tversky(…)` in the `loss` of a train section; a spec has no tensors of class ids to call it with.',
  example: 'loss = cross_entropy + tversky(alpha: 0.3, beta: 0.7)',
  operands: [{ name: 'x' }, { name: 'target', dtype: 'i32' }],
  attrs: {
    alpha: { type: 'float', default: 0.5 },
    beta: { type: 'float', default: 0.5 },
    batch: { type: 'bool', default: false },
    background: { type: 'bool', default: false },
    smooth: { type: 'float', default: 1e-5 },
    sigmoid: { type: 'bool', default: false },
  },
  shape: (inputs, a) => {
    checkLabels('tversky_loss', inputs);
    if (a['sigmoid']) checkRegions('tversky_loss', inputs);
    else checkForeground('tversky_loss', inputs, a);
    return [{ dims: [], dtype: 'f32' }];
  },
  expand: (b, inputs, a) => {
    const [alpha, beta, smooth] = ['alpha', 'beta', 'smooth'].map((name) => a[name] as number);
    const [regions, batch, background] = ['sigmoid', 'batch', 'background'].map((n) => a[n] as boolean);
    // With Σ p·(1 − y) = Σ p − Σ p·y, and the same of y.
    const overlap = { factor: 1, predicted: alpha, wanted: beta, both: 1 - alpha - beta, smooth };
    return [overlapLoss(b, inputs, overlap, { regions, batch, background })];
  },
};
