import { describe, expect, test } from 'vitest';
import { randomBuffers, randomKernel } from './random-kernels.ts';
import { compiled, interpreted } from './run-kernel.ts';
import { differences } from './wide-kernels.ts';

const SEEDS = process.env['ARCHC_FULL'] === '1' ? 20_000 : 50;

describe('random kernels compute what the interpreter computes, bit for bit', () => {
  test.each([
    ['within bounds', { wild: false, bounds: 'trusted' }],
    ['beyond bounds', { wild: true, bounds: 'clamp' }],
  ] as const)(`${SEEDS} of them, with indices %s`, (_, { wild, bounds }) => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const { wgsl, groups } = randomKernel(seed, { tame: false, wild });
      const buffers = randomBuffers(seed, false);
      const truth = interpreted(wgsl, buffers, groups);
      const found = compiled(wgsl, buffers, groups, { bounds, relaxed: false });
      truth.forEach((b, k) => {
        expect(differences(b, found[k], k % 3 === 0), `seed ${seed}, binding ${k}\n${wgsl}`).toEqual([]);
      });
    }
  });
});
