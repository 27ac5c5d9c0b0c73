import type { GraphBuilder } from './builder.ts';
import type { Dims } from './dim.ts';
import type { Attr, Attrs, DType, Shape, ValueId } from './graph.ts';
import type { Lowering } from './kernel.ts';
import type { SplitRule } from './split-rule.ts';

/** An operand of an op. Optional ones stand at the end and are left off together. */
export interface OperandSpec {
  readonly name: string;
  readonly dtype?: DType;
  readonly optional?: boolean;
  /** Takes all remaining operands (`concat`). */
  readonly variadic?: boolean;
}

/** `int[]` also takes one int where `repeat` says how many copies make the vector (`stride: 2`). */
export interface AttrSpec {
  readonly type: 'int' | 'float' | 'bool' | 'string' | 'int[]' | 'float[]';
  readonly default?: Attr;
  readonly repeat?: number;
  /** Sizes of axes, any of which may hold the batch: the `sizes` of {@link OpBase.shape}. One attribute an op at most. */
  readonly sizes?: boolean;
  /** Allowed values of a string attribute. */
  readonly choices?: readonly string[];
}

/** The type of a tensor while the batch is still free. */
export interface TensorType {
  readonly dims: Dims;
  readonly dtype: DType;
}

/**
 * A shape rule does not hold. The checker turns it into a diagnostic at the call; `operands` are the indices
 * of the operands to point at.
 */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
  readonly operands: readonly number[];
  readonly hint: string | undefined;

  constructor(message: string, operands: readonly number[] = [], hint?: string) {
    super(message);
    this.operands = operands;
    this.hint = hint;
  }
}

/** A tensor of the reference backend: float64 (or whole numbers for `i32`), row-major. */
export interface RefTensor {
  readonly shape: Shape;
  readonly data: Float64Array;
}

export interface GradientContext {
  readonly b: GraphBuilder;
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  readonly attrs: Attrs;
  /** Gradient of each output; `undefined` where the loss does not depend on it. */
  readonly grads: readonly (ValueId | undefined)[];
  /** Whether the gradient of operand `i` is asked for at all. */
  needs(i: number): boolean;
}

interface OpBase {
  /** snake_case, PyTorch's functional name where there is one. */
  readonly name: string;
  /** One paragraph: shapes, formula, source. Shown by hover and `archc explain`. */
  readonly doc: string;
  /** A `forward` that calls it, in the language, for documentation; needed of ops that specs can call. */
  readonly example?: string;
  readonly operands: readonly OperandSpec[];
  readonly attrs: Readonly<Record<string, AttrSpec>>;
  /**
   * Types of the outputs. Throws {@link ShapeError}. `sizes` is the attribute of sizes with the batch still free,
   * which `attrs` has for one batch size; left out, it is what `attrs` says.
   */
  shape(inputs: readonly TensorType[], attrs: Attrs, sizes?: Dims): TensorType[];
  /** Multiply-adds as fvcore counts them; left out where they count 0. */
  macs?(inputs: readonly Shape[], outputs: readonly Shape[], attrs: Attrs): number;
  /** Multiply-adds of a selective scan (9·B·D·L·N), reported apart from `macs`. */
  scanMacs?(inputs: readonly Shape[], attrs: Attrs): number;
  /** Whether a sample's result depends on the others of its batch, given so many operands. */
  mixesSamples?(operands: number, training: boolean): boolean;
  /** May be called by a spec under this name; ops that exist only for gradients or training are not. */
  readonly internal?: boolean;
}

/** An op with a kernel of its own. */
export interface PrimitiveOp extends OpBase {
  readonly kind: 'primitive';
  /** Gradients of the operands, built of other ops. Left out where the op is never differentiated. */
  gradient?(c: GradientContext): (ValueId | undefined)[];
  /** The truth for tests: float64, plain loops. `outputs` are the output shapes. */
  reference(inputs: readonly RefTensor[], attrs: Attrs, outputs: readonly Shape[]): RefTensor[];
  /**
   * The ways in which it falls apart along axes, so that a tensor that is too large for one binding can be worked on
   * in parts. Left out where there is none.
   */
  splits?(inputs: readonly Shape[], outputs: readonly Shape[], attrs: Attrs): SplitRule[];
  /** The same made of several ops that fall apart along axes where this one does not. */
  unfused?(b: GraphBuilder, inputs: readonly ValueId[], attrs: Attrs): ValueId[];
  /** Outputs that memory never keeps in half precision, by index: sums of very many elements, statistics. */
  readonly exact?: readonly number[];
  /** How it becomes a kernel. */
  readonly lowering: Lowering;
}

/** An op defined by other ops; its gradient, reference and kernels follow from theirs. */
export interface CompositeOp extends OpBase {
  readonly kind: 'composite';
  expand(b: GraphBuilder, inputs: readonly ValueId[], attrs: Attrs): ValueId[];
}

export type Op = PrimitiveOp | CompositeOp;

export type OpTable = ReadonlyMap<string, Op>;

/** The op of a node: the nodes of a graph that is built are all of primitive ops. */
export function primitiveOp(ops: OpTable, name: string): PrimitiveOp {
  const op = ops.get(name);
  if (op?.kind !== 'primitive') throw new Error(`${name} is not a primitive op`);
  return op;
}
