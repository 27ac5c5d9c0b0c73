import { type DType, elementCount, type Value } from './graph.ts';

/** Type of an element in memory: that of the value, or a narrower one that it is converted to. */
export type MemoryType = DType | NonNullable<Value['storage']>;

type Stored = Pick<Value, 'dtype' | 'storage'>;

export function memoryType({ dtype, storage }: Stored): MemoryType {
  return storage ?? dtype;
}

export function bytesPerElement(value: Stored): number {
  return memoryType(value) === 'f16' ? 2 : 4;
}

/** Bytes of a value in memory, as a binding counts them: a multiple of 4, and never none. */
export function bytesOf(value: Stored & Pick<Value, 'shape'>): number {
  const bytes = bytesPerElement(value) * elementCount(value.shape);
  return Math.max(Math.ceil(bytes / 4), 1) * 4;
}
