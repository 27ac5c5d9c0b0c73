import { describe, expect, it } from 'vitest';
import { float16ToNumber, type Tensor, tensorOfBytes, toFloat32 } from './tensor.ts';

describe('toFloat32', () => {
  it('reads half precision: largest, smallest, subnormal, signed zero, infinity and NaN', () => {
    expect(float16ToNumber(0x3c00)).toBe(1);
    expect(float16ToNumber(0xc000)).toBe(-2);
    expect(float16ToNumber(0x7bff)).toBe(65504);
    expect(float16ToNumber(0x0400)).toBe(2 ** -14);
    expect(float16ToNumber(0x0001)).toBe(2 ** -24);
    expect(float16ToNumber(0x8000)).toBe(-0);
    expect(float16ToNumber(0xfc00)).toBe(Number.NEGATIVE_INFINITY);
    expect(float16ToNumber(0x7e00)).toBeNaN();
    const half: Tensor = { dtype: 'F16', shape: [2], data: Uint16Array.of(0x3555, 0x3c00) };
    expect([...toFloat32(half)]).toEqual([0.333251953125, 1]);
  });

  it('reads bfloat16 as the upper half of a float32', () => {
    const bits = Uint16Array.of(0x3f80, 0xc049, 0x7f80);
    expect([...toFloat32({ dtype: 'BF16', shape: [3], data: bits })]).toEqual([
      1,
      -3.140625,
      Number.POSITIVE_INFINITY,
    ]);
  });

  it('rounds doubles and wide integers, and passes float32 through', () => {
    expect([...toFloat32({ dtype: 'F64', shape: [1], data: Float64Array.of(0.1) })]).toEqual([
      Math.fround(0.1),
    ]);
    expect([...toFloat32({ dtype: 'I64', shape: [2], data: BigInt64Array.of(-5n, 2n ** 24n + 1n) })]).toEqual(
      [-5, 2 ** 24],
    );
    expect([...toFloat32({ dtype: 'BOOL', shape: [2], data: Uint8Array.of(0, 1) })]).toEqual([0, 1]);
    const data = Float32Array.of(1, 2);
    expect(toFloat32({ dtype: 'F32', shape: [2], data })).toBe(data);
  });
});

describe('tensorOfBytes', () => {
  it('is a view where aligned and a copy where not', () => {
    const bytes = new Uint8Array(16);
    const aligned = tensorOfBytes('F32', [2], bytes.subarray(8, 16));
    const shifted = tensorOfBytes('F32', [2], bytes.subarray(3, 11));
    expect(aligned.data.buffer).toBe(bytes.buffer);
    expect(shifted.data.buffer).not.toBe(bytes.buffer);
    expect(() => tensorOfBytes('F32', [3], bytes)).toThrow(RangeError);
  });
});
