import { expect, test } from 'vitest';
import { float16ToNumber } from '../../src/tensors/tensor.ts';
import { halfBits } from '../../src/wasm/interpret/values.ts';
import { compiled } from './run-kernel.ts';

const kernel = (from: string, to: string, line: string) => `
enable f16;
@group(0) @binding(0) var<storage, read> x: array<${from}>;
@group(0) @binding(1) var<storage, read_write> y: array<${to}>;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
  let i = group.x;
  ${line}
}`;

const options = { bounds: 'clamp', relaxed: false } as const;

test('every number of half precision becomes its float', () => {
  const halves = Uint16Array.from({ length: 65536 }, (_, k) => k);
  const text = kernel('f16', 'f32', 'y[i] = f32(x[i]);');
  const [, out] = compiled(text, [halves.buffer, new ArrayBuffer(4 * 65536)], 65536, options);
  const found = new Float32Array(out);
  const wrong = halves.find((k) => !Object.is(found[k], float16ToNumber(k)));
  expect(wrong, `${found[wrong ?? 0]}`).toBeUndefined();
});

test('a float becomes the nearest number of half precision, ties to even', () => {
  // Each half, what lies in the middle of it and the next one, and what lies beside that.
  const floats = Float32Array.from({ length: 3 * 0x7c00 }, (_, k) => {
    const [low, high] = [
      float16ToNumber(Math.floor(k / 3)),
      Math.min(float16ToNumber(Math.floor(k / 3) + 1), 65536),
    ];
    return k % 3 === 0 ? low : (low + high) / 2 + (k % 3 === 1 ? 0 : (high - low) / 64);
  });
  const more = [0, -0, 65504, 65519, 65520, -65520, 1e30, -1e30, 1e-10, -1e-10, 2 ** -25, Number.NaN];
  const infinite = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const numbers = Float32Array.from([...floats, ...floats.map((x) => -x), ...more, ...infinite]);
  const text = kernel('f32', 'f16', 'y[i] = f16(x[i]);');
  const size = Math.ceil(numbers.length / 2) * 4;
  const [, out] = compiled(text, [numbers.buffer, new ArrayBuffer(size)], numbers.length, options);
  const found = new Uint16Array(out);
  const wrong = numbers.findIndex((x, k) =>
    Number.isNaN(x) ? !Number.isNaN(float16ToNumber(found[k])) : found[k] !== halfBits(x),
  );
  expect(wrong, `${numbers[wrong]}: ${found[wrong]}`).toBe(-1);
});
