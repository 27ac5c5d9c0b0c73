import { expect, test } from 'vitest';
import { kernelsOf, rejectedOf } from './check-kernels.ts';

test('every kernel of a training step of segresnet compiles', () => {
  const texts = kernelsOf('segresnet', ['webgpu-default', 'webgpu-gpu']);
  expect(texts.size).toBeGreaterThan(50);
  expect(rejectedOf(texts)).toEqual([]);
});
