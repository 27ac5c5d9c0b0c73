import { exponentOf, scale } from '../../math.ts';
import { float16ToNumber } from '../../tensors/tensor.ts';
import { roundToHalf } from '../wgsl/arithmetic.ts';
import { offsetOf, strideOf, type Type } from '../wgsl/types.ts';

/** A number (bool: 0 or 1), or the parts of a vector, matrix, array or struct. Parts are never changed in place. */
export type Value = number | readonly Value[];

export function zeroOf(type: Type): Value {
  switch (type.kind) {
    case 'scalar':
      return 0;
    case 'vector':
      return new Array<number>(type.size).fill(0);
    case 'matrix':
      return Array.from({ length: type.columns }, () => zeroOf(type.column));
    case 'array':
      return Array.from({ length: type.length! }, () => zeroOf(type.of));
    case 'struct':
      return type.members.map((m) => zeroOf(m.type));
  }
}

/** The type of a part, and how many bytes it lies behind the beginning of the whole. */
export function partAt(type: Type, k: number): readonly [type: Type, offset: number] {
  switch (type.kind) {
    case 'scalar':
      throw new Error('a scalar has no parts');
    case 'vector':
      return [type.of, k * strideOf(type.of)];
    case 'matrix':
      return [type.column, k * strideOf(type.column)];
    case 'array':
      return [type.of, k * strideOf(type.of)];
    case 'struct':
      return [type.members[k].type, offsetOf(type, k)];
  }
}

export function countOf(type: Type, bytes: number): number {
  switch (type.kind) {
    case 'scalar':
      return 0;
    case 'vector':
      return type.size;
    case 'matrix':
      return type.columns;
    case 'array':
      return type.length ?? Math.floor(bytes / strideOf(type.of));
    case 'struct':
      return type.members.length;
  }
}

export function readValue(view: DataView, offset: number, type: Type): Value {
  if (type.kind === 'scalar') {
    switch (type.name) {
      case 'f32':
        return view.getFloat32(offset, true);
      case 'u32':
        return view.getUint32(offset, true);
      case 'f16':
        return float16ToNumber(view.getUint16(offset, true));
      default:
        return view.getInt32(offset, true);
    }
  }
  return Array.from({ length: countOf(type, 0) }, (_, k) => {
    const [part, at] = partAt(type, k);
    return readValue(view, offset + at, part);
  });
}

export function writeValue(view: DataView, offset: number, type: Type, value: Value): void {
  if (typeof value !== 'number') {
    value.forEach((v, k) => {
      const [part, at] = partAt(type, k);
      writeValue(view, offset + at, part, v);
    });
    return;
  }
  if (type.name === 'f32') view.setFloat32(offset, value, true);
  else if (type.name === 'f16') view.setUint16(offset, halfBits(value), true);
  else view.setInt32(offset, value, true);
}

/** The bits of the nearest number of half precision. */
export function halfBits(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const half = Math.abs(roundToHalf(x));
  if (Number.isNaN(half)) return 0x7e00;
  if (half === Number.POSITIVE_INFINITY) return sign | 0x7c00;
  if (half < 2 ** -14) return sign | (half * 2 ** 24);
  const exponent = exponentOf(half);
  return sign | ((exponent + 15) << 10) | ((scale(half, -exponent) - 1) * 1024);
}
