import { setFlagsFromString } from 'node:v8';
import { describe, expect, test } from 'vitest';
import { compiled } from './run-kernel.ts';

// Node 22 has it without.
setFlagsFromString('--experimental-wasm-relaxed-simd');

/** Distance in units of the last place of float32 at the truth. */
function ulps(found: number, truth: number): number {
  const exact = Math.fround(truth);
  if (Object.is(found, exact) || found === exact || (Number.isNaN(found) && Number.isNaN(exact))) return 0;
  if (!Number.isFinite(exact) || !Number.isFinite(found)) return Number.POSITIVE_INFINITY;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(exact))), -126);
  return Math.abs(found - truth) / 2 ** (exponent - 23);
}

const ENDS = [
  0,
  -0,
  1,
  -1,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  3.4e38,
  -3.4e38,
  1e-45,
];

/** Numbers spread over a range. */
const spread = (from: number, to: number, count: number) =>
  Array.from({ length: count }, (_, k) => from + ((to - from) * k) / (count - 1));
/** ... of all sizes. */
const sizes = spread(-149, 127.99, 20_000).map((e) => 2 ** e);

/**
 * At most so many units in the last place, which for denormal results is that of the smallest normal number. WGSL allows
 * exp 3 + 2 |x|, log 3, tanh what follows from exp.
 */
const functions: readonly [
  name: string,
  truth: (x: number) => number,
  numbers: readonly number[],
  ulps: number,
][] = [
  ['exp', Math.exp, spread(-104, 89, 40_000), 2],
  ['exp2', (x) => 2 ** x, spread(-150, 128.5, 40_000), 2],
  ['log', Math.log, [...sizes, ...spread(0.5, 2, 20_000)], 2],
  ['log2', Math.log2, [...sizes, ...spread(0.5, 2, 20_000)], 3],
  ['tanh', Math.tanh, [...spread(-10, 10, 40_000), ...sizes], 2],
  ['sqrt', Math.sqrt, sizes, 0.5],
  ['inverseSqrt', (x) => 1 / Math.sqrt(x), sizes, 2],
];

describe.each(functions)('%s', (name, truth, spreadOut, most) => {
  const numbers = Float32Array.from([...ENDS, ...spreadOut]);
  const count = numbers.length - (numbers.length % 4);

  test.each([
    ['f32', `y[i] = ${name}(x[i]);`, false],
    ['vec4<f32>', `y[i] = ${name}(vec4<f32>(x[i]))[i % 4u];`, false],
    ['vec4<f32>, products and sums rounded once,', `y[i] = ${name}(vec4<f32>(x[i]))[i % 4u];`, true],
  ])(`of %s is within ${most} ulp`, (_, line, relaxed) => {
    const wgsl = `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  ${line}
}`;
    const [, out] = compiled(wgsl, [numbers.buffer, new ArrayBuffer(numbers.byteLength)], count / 4, {
      bounds: 'clamp',
      relaxed,
    });
    const found = new Float32Array(out);
    let worst = { ulps: 0, x: 0, found: 0 };
    for (let k = 0; k < count; k++) {
      const off = ulps(found[k], truth(numbers[k]));
      if (off > worst.ulps) worst = { ulps: off, x: numbers[k], found: found[k] };
    }
    expect(worst.ulps, `at ${worst.x}: ${worst.found}`).toBeLessThanOrEqual(most);
  });
});
