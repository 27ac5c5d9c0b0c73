import { randomBuffers, randomKernel } from './random-kernels.ts';
import { compiled } from './run-kernel.ts';

const WAYS = [
  { bounds: 'trusted', relaxed: false },
  { bounds: 'trusted', relaxed: true },
  { bounds: 'clamp', relaxed: false },
] as const;

/** Where two buffers differ; of f32 any NaN is like any other: which one it is the engine chooses. */
export function differences(a: ArrayBuffer, b: ArrayBuffer, real: boolean): string[] {
  const [x, y] = [new Uint32Array(a), new Uint32Array(b)];
  const [f, g] = [new Float32Array(a), new Float32Array(b)];
  return [...x.keys()]
    .filter((k) => x[k] !== y[k] && !(real && Number.isNaN(f[k]) && Number.isNaN(g[k])))
    .map((k) => (real ? `[${k}] ${f[k]} ${g[k]}` : `[${k}] ${x[k]} ${y[k]}`));
}

/** Where random kernels by addresses of 64 bits compute something else than by 32; how many words were compared. */
export function widelyDifferent(seeds: number): {
  readonly words: number;
  readonly different: readonly string[];
} {
  let words = 0;
  const different: string[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    for (const way of WAYS) {
      const { wgsl, groups } = randomKernel(seed, { tame: false, wild: way.bounds === 'clamp' });
      const buffers = randomBuffers(seed, false);
      const [near, far] = ([32, 64] as const).map((address) =>
        compiled(wgsl, buffers, groups, { ...way, address }),
      );
      near.forEach((b, k) => {
        words += b.byteLength / 4;
        for (const d of differences(b, far[k], k % 3 === 0))
          different.push(`seed ${seed}, ${JSON.stringify(way)}, binding ${k}: ${d}`);
      });
    }
  }
  return { words, different };
}
