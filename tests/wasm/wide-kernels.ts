import { randomBuffers, randomKernel } from './random-kernels.ts';
import { compiled } from './run-kernel.ts';

const WAYS = [
  { bounds: 'trusted', relaxed: false },
  { bounds: 'trusted', relaxed: true },
  { bounds: 'clamp', relaxed: false },
] as const;
type Way = (typeof WAYS)[number];

/** Where two buffers differ; of f32 any NaN is like any other: which one it is the engine chooses. */
export function differences(a: ArrayBuffer, b: ArrayBuffer, real: boolean): string[] {
  const [x, y] = [new Uint32Array(a), new Uint32Array(b)];
  const [f, g] = [new Float32Array(a), new Float32Array(b)];
  return [...x.keys()]
    .filter((k) => x[k] !== y[k] && !(real && Number.isNaN(f[k]) && Number.isNaN(g[k])))
    .map((k) => (real ? `[${k}] ${f[k]} ${g[k]}` : `[${k}] ${x[k]} ${y[k]}`));
}

/**
 * An index that is below 0 but for what is added to it, at both ends of a buffer: what is added is the offset of the
 * access, before which the address must not wrap.
 */
const BELOW_ZERO = `
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
  let before = group.x ^ 0xffffffffu;
  y[before + 64u] = f32(x[before + 64u]) + 1f;
}`;
const belowZero = [new Float32Array(64).buffer, Uint32Array.from({ length: 64 }, (_, i) => i * i).buffer];

/** Where kernels by addresses of 64 bits compute something else than by 32, and how many words were compared. */
export function widelyDifferent(seeds: number): {
  readonly words: number;
  readonly different: readonly string[];
} {
  let words = 0;
  const different: string[] = [];
  const compare = (what: string, wgsl: string, buffers: readonly ArrayBuffer[], groups: number, way: Way) => {
    const [near, far] = ([32, 64] as const).map((address) =>
      compiled(wgsl, buffers, groups, { ...way, address }),
    );
    near.forEach((b, k) => {
      words += b.byteLength / 4;
      for (const d of differences(b, far[k], k % 3 === 0))
        different.push(`${what}, ${JSON.stringify(way)}, binding ${k}: ${d}`);
    });
  };
  for (const way of WAYS) {
    compare('an index below 0', BELOW_ZERO, belowZero, 64, way);
    for (let seed = 0; seed < seeds; seed++) {
      const { wgsl, groups } = randomKernel(seed, { tame: false, wild: way.bounds === 'clamp' });
      compare(`seed ${seed}`, wgsl, randomBuffers(seed, false), groups, way);
    }
  }
  return { words, different };
}
