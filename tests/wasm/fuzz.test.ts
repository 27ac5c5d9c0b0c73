import { describe, expect, test } from 'vitest';
import { randomBuffers, randomKernel } from './random-kernels.ts';
import { compiled, interpreted } from './run-kernel.ts';

const SEEDS = process.env['ARCHC_FULL'] === '1' ? 20_000 : 50;

/** Words of two buffers that differ; of f32 any NaN is like any other. */
function differences(a: ArrayBuffer, b: ArrayBuffer, real: boolean): string[] {
  const [x, y] = [new Uint32Array(a), new Uint32Array(b)];
  const [f, g] = [new Float32Array(a), new Float32Array(b)];
  return [...x.keys()]
    .filter((k) => x[k] !== y[k] && !(real && Number.isNaN(f[k]) && Number.isNaN(g[k])))
    .map((k) => (real ? `[${k}] ${f[k]} ${g[k]}` : `[${k}] ${x[k]} ${y[k]}`));
}

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
