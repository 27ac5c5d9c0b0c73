import { scale } from '../math.ts';

/** The typed array that holds each element type; F16 and BF16 are kept as their 16 bits. */
export interface DataOf {
  BOOL: Uint8Array;
  U8: Uint8Array;
  I8: Int8Array;
  U16: Uint16Array;
  I16: Int16Array;
  F16: Uint16Array;
  BF16: Uint16Array;
  U32: Uint32Array;
  I32: Int32Array;
  F32: Float32Array;
  U64: BigUint64Array;
  I64: BigInt64Array;
  F64: Float64Array;
}

/** Element type, named as in safetensors. */
export type Dtype = keyof DataOf;

/** A dense tensor in row-major order: `data` has as many elements as the product of `shape` ([] is a scalar). */
export type Tensor = {
  [D in Dtype]: { readonly dtype: D; readonly shape: readonly number[]; readonly data: DataOf[D] };
}[Dtype];

type ArrayConstructor = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Tensor['data'];
};

const arrays: Readonly<Record<Dtype, ArrayConstructor>> = {
  BOOL: Uint8Array,
  U8: Uint8Array,
  I8: Int8Array,
  U16: Uint16Array,
  I16: Int16Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  U32: Uint32Array,
  I32: Int32Array,
  F32: Float32Array,
  U64: BigUint64Array,
  I64: BigInt64Array,
  F64: Float64Array,
};

/** All element types, as they are spelt in files. */
export const dtypes = Object.keys(arrays) as readonly Dtype[];

/** Bytes of one element. */
export function bytesPerElement(dtype: Dtype): number {
  return arrays[dtype].BYTES_PER_ELEMENT;
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * A tensor over little-endian bytes. It is a view where the bytes lie aligned to the element, else a copy.
 *
 * @param bytes exactly `elementCount(shape) * bytesPerElement(dtype)` bytes
 */
export function tensorOfBytes(dtype: Dtype, shape: readonly number[], bytes: Uint8Array): Tensor {
  const size = bytesPerElement(dtype);
  const count = elementCount(shape);
  if (bytes.length !== count * size) {
    throw new RangeError(`${bytes.length} bytes for ${dtype} [${shape.join(', ')}]`);
  }
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  const data = new arrays[dtype](aligned.buffer, aligned.byteOffset, count);
  // The table above is what ties dtype to array; TypeScript cannot follow it through an index.
  return { dtype, shape, data } as Tensor;
}

/** The little-endian bytes of a tensor, as a view. */
export function bytesOfTensor(tensor: Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength } = tensor.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Values of a parameter or buffer: floats, or whole numbers, which files hold as I64 as PyTorch does. */
export type StoredData = Float32Array | Int32Array;

/** A parameter or buffer as files hold it. */
export function storedTensor(shape: readonly number[], data: StoredData): Tensor {
  return data instanceof Float32Array
    ? float32Tensor(shape, data)
    : { dtype: 'I64', shape, data: BigInt64Array.from(data, BigInt) };
}

/** The values of a tensor of whole numbers; `undefined` where it holds others, or larger ones than 32 bits do. */
export function toInt32(tensor: Tensor): Int32Array | undefined {
  if (['F64', 'F32', 'F16', 'BF16', 'BOOL'].includes(tensor.dtype)) return undefined;
  const data = Int32Array.from(tensor.data as ArrayLike<number | bigint>, Number);
  const exact = data.every((v, i) => v === Number(tensor.data[i]));
  return exact ? data : undefined;
}

/** A float32 tensor. */
export function float32Tensor(shape: readonly number[], data: Float32Array): Tensor {
  return { dtype: 'F32', shape, data };
}

/**
 * The values as float32, in row-major order: F32 as it is (not copied), F16 and BF16 exactly, all others
 * rounded to the nearest float32 (integers beyond ±2^24 and F64 lose digits).
 */
export function toFloat32(tensor: Tensor): Float32Array {
  switch (tensor.dtype) {
    case 'F32':
      return tensor.data;
    case 'F16':
      return Float32Array.from(tensor.data, float16ToNumber);
    case 'BF16': {
      // bfloat16 is the upper half of a float32.
      const bits = Uint32Array.from(tensor.data, (half) => half << 16);
      return new Float32Array(bits.buffer);
    }
    case 'I64':
    case 'U64': {
      const values = new Float32Array(tensor.data.length);
      for (let i = 0; i < values.length; i++) values[i] = Number(tensor.data[i]);
      return values;
    }
    default:
      return Float32Array.from(tensor.data);
  }
}

/** The value of an IEEE 754 binary16 number given by its bits. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return scale(sign * (1024 + fraction), exponent - 25);
}
