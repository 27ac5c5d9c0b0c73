import { expect, test } from 'vitest';
import { referenceBackend } from '../../src/backend/reference.ts';
import { elaborate, loadSpec } from '../../src/language/index.ts';
import { memoryFiles } from '../../src/language/memory-files.ts';
import { ops } from '../../src/ops/index.ts';
import { useBackend } from '../device.ts';
import { checkGradients } from './gradient-check.ts';

/** Logits of two sizes, of which the smaller ones have labels of their size. */
const textOf = (loss: string) => `model Two() {
  input image: [B, 2, 10, 14]
  param stem: [5, 2, 3, 3] = trunc_normal(std: 0.5)
  param fine: [3, 5, 1, 1] = trunc_normal(std: 0.5)
  param coarse: [3, 5, 2, 2] = trunc_normal(std: 0.5)
  forward {
    x = tanh(conv2d(image, stem, padding: 1))
    y = conv2d(x, fine)
    z = conv2d(x, coarse, stride: 2)
  }
  output logits: [B, 3, 10, 14] = y
  output half: [B, 3, 5, 7] = z
}
train T for Two {
  loss = ${loss}
  supervise = weights(<1, 0.5>)
  optimizer = sgd(lr: 0.1)
  batch = 2
  steps = 1
}
`;

const reference = referenceBackend(ops);
const device = useBackend();

test.each([
  'cross_entropy(weights: <0.5, 1, 2>, label_smoothing: 0.1) + dice',
  '0.5 * focal(gamma: 1.5) + tversky(alpha: 0.3, beta: 0.7, batch: true)',
  'focal(gamma: 0.5, alpha: <1, 2, 0>) + cross_entropy',
  'binary_cross_entropy + 2 * dice(sigmoid: true) + tversky(alpha: 0.7, beta: 0.3, sigmoid: true)',
])('%s has right gradients under deep supervision', async (loss) => {
  const loaded = loadSpec('two.arch', memoryFiles({ 'two.arch': textOf(loss) }));
  const { model, diagnostics } = elaborate(loaded, undefined, {}, 2, ops, { training: true });
  expect(diagnostics.map((d) => d.message)).toEqual([]);
  const { numeric, analytic, deviceError } = await checkGradients(model!, reference, device(), 5, 1e-6);
  // Central differences in float64 of step 1e-6, and float32 sums of some hundred pixels.
  expect(Math.abs(numeric - analytic) / Math.max(Math.abs(analytic), 1)).toBeLessThan(1e-6);
  expect(deviceError).toBeLessThan(1e-4);
});
