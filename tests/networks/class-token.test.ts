import { expect, test } from 'vitest';
import { referenceBackend } from '../../src/backend/reference.ts';
import { elaborate, loadSpec } from '../../src/language/index.ts';
import { memoryFiles } from '../../src/language/memory-files.ts';
import { ops } from '../../src/ops/index.ts';
import { useBackend } from '../device.ts';
import { checkGradients } from './gradient-check.ts';

/** A vision transformer of one block: a class token stands before the patches, and is what is classified. */
const text = `model Tokens(dim: int = 12, classes: int = 3, heads: int = 2) {
  input image: [B, 2, 8, 8]
  param patch: [dim, 2, 4, 4] = trunc_normal(std: 0.2)
  param cls: [1, 1, dim] = trunc_normal(std: 0.2)
  param position: [5, dim] = trunc_normal(std: 0.2)
  param qkv: [3 * dim, dim] = trunc_normal(std: 0.2)
  param head: [classes, dim] = trunc_normal(std: 0.2)
  forward {
    patches = conv2d(image, patch, stride: 4) |> reshape([B, dim, -1]) |> permute(<0, 2, 1>)
    tokens = concat(expand(cls, [B, 1, dim]), patches, axis: 1) + position
    (q, k, v) = linear(tokens, qkv) |> reshape([B, 5, 3 * heads, -1]) |> split(<heads, heads, heads>, axis: 2)
    scores = einsum(q, k, "b i h d, b j h d -> b h i j") |> softmax
    mixed = einsum(scores, v, "b h i j, b j h d -> b i h d") |> reshape([B, 5, dim])
    y = slice(tokens + mixed, axis: 1, start: 0, end: 1) |> reshape([B, dim]) |> linear(head)
  }
  output logits: [B, classes] = y
}
train Plain for Tokens {
  loss = cross_entropy
  optimizer = sgd(lr: 0.1)
  batch = 3
  steps = 1
}
`;

const reference = referenceBackend(ops);
const device = useBackend();

test.each([1, 3])('a class token, expanded to a batch of %i, has right gradients', async (batch) => {
  const loaded = loadSpec('vit.arch', memoryFiles({ 'vit.arch': text }));
  const { model, diagnostics } = elaborate(loaded, undefined, {}, batch, ops, { training: true });
  expect(diagnostics.map((d) => d.message)).toEqual([]);
  expect(model!.graph.nodes.some((n) => n.op === 'expand')).toBe(true);
  const { numeric, analytic, deviceError } = await checkGradients(model!, reference, device(), 3, 1e-6);
  expect(Math.abs(numeric - analytic) / Math.max(Math.abs(analytic), 1)).toBeLessThan(1e-6);
  expect(deviceError).toBeLessThan(1e-4);
});
