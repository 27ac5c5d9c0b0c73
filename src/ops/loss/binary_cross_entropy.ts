import { elementCount } from '../../ir/graph.ts';
import type { CompositeOp } from '../../ir/op.ts';
import { countedOf, countedShare, planesOf, sumAll } from './composite.ts';
import { checkLabels, checkRegions } from './labels.ts';

export const binaryCrossEntropy: CompositeOp = {
  kind: 'composite',
  name: 'binary_cross_entropy',
  doc: 'Mean over all positions and regions of log(1 + exp(x)) − x·y, the cross-entropy of sigmoid(x) (torch.nn.functional.binary_cross_entropy_with_logits): each channel is a region, bit r of a target says that the position belongs to region r, and y is 1 there. Targets that are no set of regions, such as -1, are ignored: the mean is over the others. x [B, R, ...], target [B, ...], R at most 30. → []. It is `binary_cross_entropy` in the `loss` of a train section; a spec has no tensors of whole numbers to call it with.',
  example: 'loss = binary_cross_entropy + dice(sigmoid: true)',
  operands: [{ name: 'x' }, { name: 'target', dtype: 'i32' }],
  attrs: {},
  shape: (inputs) => {
    checkLabels('binary_cross_entropy', inputs);
    checkRegions('binary_cross_entropy', inputs);
    return [{ dims: [], dtype: 'f32' }];
  },
  expand: (b, [x, target]) => {
    const labels = { classes: b.shape(x)[1], regions: true };
    const each = b.sub(b.apply('softplus', [x]), b.mul(x, planesOf(b, target, labels)));
    const counted = sumAll(b, b.mul(each, countedOf(b, target, labels)));
    const mean = b.affine(counted, 1 / elementCount(b.shape(x)));
    return [b.mul(mean, countedShare(b, target, labels))];
  },
};
