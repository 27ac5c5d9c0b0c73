import { expect, test } from 'vitest';
import { kernelsOf, rejectedOf, specNames } from './check-kernels.ts';

test.each(specNames)('every kernel of a training step of %s compiles', (spec) => {
  expect(rejectedOf(kernelsOf(spec, ['webgpu-default', 'lavapipe', 'webgpu-gpu']))).toEqual([]);
});
