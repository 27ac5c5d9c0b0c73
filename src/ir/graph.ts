/** Element types. Everything trainable is `f32`; `i32` holds class ids and indices. */
export type DType = 'f32' | 'i32';

/** Sizes of all axes, batch included, outermost first. A scalar is `[]`. */
export type Shape = readonly number[];

export type ValueId = number & { readonly __value: unique symbol };

export type Attr = number | string | boolean | readonly number[];
export type Attrs = Readonly<Record<string, Attr>>;

/** Anything computed, once (SSA). */
export interface Value {
  readonly id: ValueId;
  readonly shape: Shape;
  readonly dtype: DType;
  /** How memory keeps it where that is not `dtype`: kernels convert what they load and store, and count in `dtype`. */
  readonly storage?: 'f16';
}

/** One application of an op. Operands that an op does not require are left off at the end. */
export interface Node {
  readonly op: string;
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  readonly attrs: Attrs;
  /** Instance path in the spec (`encoder.stages.0`), for printing and tables by module. */
  readonly scope: string;
}

/**
 * Values that no node computes.
 * - `input`: given anew for each run (image, target, learning rate)
 * - `param`: a weight; its name is its `state_dict` key
 * - `buffer`: a tensor beside the weights, with a `state_dict` key too, that steps of training set
 * - `state`: lives on from step to step (moments) and is saved with checkpoints
 * - `carry`: what one graph of a program leaves for another within a step (gradients); never saved
 */
export type SourceKind = 'input' | 'param' | 'buffer' | 'state' | 'carry';

export interface Source {
  readonly kind: SourceKind;
  readonly name: string;
  readonly value: ValueId;
  /** What each element of a `state` is at first, if not 0. */
  readonly initial?: number;
}

/** A typed SSA graph. Nodes are in execution order: each operand is defined before it is used. */
export interface Graph {
  readonly values: readonly Value[];
  readonly nodes: readonly Node[];
  readonly sources: readonly Source[];
  /** Named results, in order of declaration. */
  readonly outputs: readonly { readonly name: string; readonly value: ValueId }[];
  /**
   * What sources hold after the run. Where there are several, the value is their concatenation as `pack`
   * lays it out.
   */
  readonly updates: readonly { readonly sources: readonly ValueId[]; readonly value: ValueId }[];
}

export function elementCount(shape: Shape): number {
  return shape.reduce((n, d) => n * d, 1);
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

/** The graphs of a program by entry. Sources of one kind and name are the same memory in all of them. */
export type Entries = Readonly<Record<string, Graph>>;
