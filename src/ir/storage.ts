import { type DType, elementCount, type Graph, type Node, type Value, type ValueId } from './graph.ts';
import type { PrimitiveOp } from './op.ts';
import { OFFSET_ALIGNMENT } from './packing.ts';

/** Type of an element in memory: that of the value, or a narrower one that it is converted to. */
export type MemoryType = DType | NonNullable<Value['storage']>;

type Stored = Pick<Value, 'dtype' | 'storage'>;

export function memoryType({ dtype, storage }: Stored): MemoryType {
  return storage ?? dtype;
}

export function bytesOfType(type: MemoryType): number {
  return type === 'f16' ? 2 : 4;
}

export const bytesPerElement = (value: Stored): number => bytesOfType(memoryType(value));

/** Bytes of a value in memory, as a binding counts them: a multiple of 4, and never none. */
export function bytesOf(value: Stored & Pick<Value, 'shape'>): number {
  const bytes = bytesPerElement(value) * elementCount(value.shape);
  return Math.max(Math.ceil(bytes / 4), 1) * 4;
}

/** How computed values are kept in memory, where they may be: arithmetic is in f32 with either. */
export type Precision = 'f32' | 'f16';

/** Values in one memory, which keeps them all alike. */
export interface SharedMemory {
  readonly values: readonly ValueId[];
  /** It can only be kept in the values' own type. */
  readonly exact: boolean;
}

/** What of a node's values shares memory: a view with its operand, a whole with its parts, what is changed in place. */
export function sharedMemory(node: Node, { lowering }: PrimitiveOp, graph: Graph): SharedMemory[] {
  const { inputs, outputs } = node;
  const shapes = inputs.map((v) => graph.values[v].shape);
  // A binding begins at a part, in half precision as well.
  const halves = (start: number) => (2 * start) % OFFSET_ALIGNMENT === 0;
  if (lowering.kind === 'kernels') {
    return Object.entries(lowering.inPlace ?? {}).map(([out, operand]) => ({
      values: [outputs[Number(out)], inputs[operand]],
      exact: true,
    }));
  }
  if (lowering.kind !== 'view') return [];
  if (lowering.packed) return [{ values: [...outputs, ...inputs], exact: true }];
  if (lowering.joined) {
    const aligned = shapes.slice(0, -1).every((shape) => halves(elementCount(shape)));
    return [{ values: [...outputs, ...inputs], exact: !aligned }];
  }
  const start = lowering.offset?.(shapes[0], node.attrs) ?? 0;
  return [{ values: [outputs[0], inputs[0]], exact: !halves(start) }];
}
