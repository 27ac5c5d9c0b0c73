import { type Dims, dimsOf } from './dim.ts';
import {
  type Attrs,
  type DType,
  elementCount,
  type Graph,
  type Node,
  type Shape,
  type Source,
  type SourceKind,
  type Value,
  type ValueId,
} from './graph.ts';
import type { Op, OpTable, TensorType } from './op.ts';

/**
 * Appends nodes to a graph whose sizes are all known. Each `apply` runs the op's shape rule, so a graph that
 * was built is well typed. Composite ops are expanded on the spot.
 */
export class GraphBuilder {
  readonly ops: OpTable;
  private readonly values: Value[] = [];
  private readonly nodes: Node[] = [];
  private readonly sources: Source[] = [];
  private readonly outputs: { name: string; value: ValueId }[] = [];
  private readonly updates: { sources: readonly ValueId[]; value: ValueId }[] = [];
  /** Instance path that new nodes belong to. */
  scope = '';

  constructor(ops: OpTable, from?: Graph) {
    this.ops = ops;
    if (from) {
      this.values.push(...from.values);
      this.nodes.push(...from.nodes);
      this.sources.push(...from.sources);
      this.outputs.push(...from.outputs);
      this.updates.push(...from.updates);
    }
  }

  source(kind: SourceKind, name: string, shape: Shape, dtype: DType = 'f32'): ValueId {
    const value = this.newValue(shape, dtype);
    this.sources.push({ kind, name, value });
    return value;
  }

  /** A `state` whose elements are `initial` at first. */
  state(name: string, shape: Shape, initial = 0, dtype: DType = 'f32'): ValueId {
    const value = this.newValue(shape, dtype);
    this.sources.push({ kind: 'state', name, value, ...(initial === 0 ? {} : { initial }) });
    return value;
  }

  /** An existing source, or a new one: `rng` and `hyper` are shared by all that ask for them. */
  sharedSource(kind: SourceKind, name: string, shape: Shape, dtype: DType = 'f32'): ValueId {
    return (
      this.sources.find((s) => s.name === name && s.kind === kind)?.value ??
      this.source(kind, name, shape, dtype)
    );
  }

  output(name: string, value: ValueId): void {
    this.outputs.push({ name, value });
  }

  /** After the run `sources` hold `value` (see {@link Graph.updates}). */
  update(sources: readonly ValueId[], value: ValueId): void {
    this.updates.push({ sources: [...sources], value });
  }

  shape(v: ValueId): Shape {
    return this.values[v].shape;
  }

  dtype(v: ValueId): DType {
    return this.values[v].dtype;
  }

  /** Nodes appended so far, for passes that walk them (autodiff). */
  get nodeList(): readonly Node[] {
    return this.nodes;
  }

  op(name: string): Op {
    const op = this.ops.get(name);
    if (!op) throw new Error(`there is no op named ${name}`);
    return op;
  }

  /** Applies an op; returns all its outputs. */
  applyAll(name: string, inputs: readonly ValueId[], attrs: Attrs = {}): ValueId[] {
    const op = this.op(name);
    const full = withDefaults(op, attrs);
    if (op.kind === 'composite') return op.expand(this, inputs, full);
    const types: TensorType[] = inputs.map((v) => ({ dims: dimsOf(this.shape(v)), dtype: this.dtype(v) }));
    const outputs = op.shape(types, full).map((t) => this.newValue(concrete(t.dims), t.dtype));
    this.nodes.push({ op: name, inputs: [...inputs], outputs, attrs: full, scope: this.scope });
    return outputs;
  }

  /** Appends a node of the graph that the builder began with, whose values are there. */
  append(node: Node): void {
    this.nodes.push(node);
  }

  /** Applies an op with one output. */
  apply(name: string, inputs: readonly ValueId[], attrs: Attrs = {}): ValueId {
    return this.applyAll(name, inputs, attrs)[0];
  }

  // Short forms of what gradients and composite ops use most.
  add(a: ValueId, b: ValueId): ValueId {
    return this.apply('add', [a, b]);
  }
  sub(a: ValueId, b: ValueId): ValueId {
    return this.apply('sub', [a, b]);
  }
  mul(a: ValueId, b: ValueId): ValueId {
    return this.apply('mul', [a, b]);
  }
  div(a: ValueId, b: ValueId): ValueId {
    return this.apply('div', [a, b]);
  }
  /** `x * factor + offset` with constants. */
  affine(x: ValueId, factor: number, offset = 0): ValueId {
    return this.apply('affine', [x], { factor, offset });
  }
  /** The same values, to the last bit, in memory of their own. */
  copy(x: ValueId): ValueId {
    return this.dtype(x) === 'i32' ? this.apply('increment', [x], { by: 0 }) : this.apply('detach', [x]);
  }

  reshape(x: ValueId, shape: Shape): ValueId {
    return this.apply('reshape', [x], { shape: [...shape] });
  }
  permute(x: ValueId, axes: readonly number[]): ValueId {
    return this.apply('permute', [x], { axes: [...axes] });
  }
  /** Sum over axes; `keepdim` as in PyTorch. */
  sum(x: ValueId, axes: readonly number[], keepdim = false): ValueId {
    return axes.length === 0 ? x : this.apply('sum', [x], { axes: [...axes], keepdim });
  }
  einsum(equation: string, a: ValueId, b: ValueId): ValueId {
    return this.apply('einsum', [a, b], { equation });
  }
  /** Sums a gradient of a broadcast operand back to the operand's own shape. */
  unbroadcast(grad: ValueId, shape: Shape): ValueId {
    const from = this.shape(grad);
    const lead = from.length - shape.length;
    const axes: number[] = [];
    for (let i = 0; i < from.length; i++) {
      if (i < lead || (shape[i - lead] === 1 && from[i] !== 1)) axes.push(i);
    }
    if (axes.length === 0) return grad;
    const summed = this.sum(grad, axes, true);
    return lead > 0 ? this.reshape(summed, shape) : summed;
  }

  build(): Graph {
    return {
      values: [...this.values],
      nodes: [...this.nodes],
      sources: [...this.sources],
      outputs: [...this.outputs],
      updates: [...this.updates],
    };
  }

  private newValue(shape: Shape, dtype: DType): ValueId {
    if (shape.some((d) => !Number.isInteger(d) || d < 0) || elementCount(shape) > Number.MAX_SAFE_INTEGER) {
      throw new Error(`impossible shape [${shape}]`);
    }
    const id = this.values.length as ValueId;
    this.values.push({ id, shape: [...shape], dtype });
    return id;
  }
}

function concrete(dims: Dims): number[] {
  return dims.map((d) => d.at(1));
}

/** Fills in defaults and repeats single ints where an op takes a vector. */
export function withDefaults(op: Op, attrs: Attrs): Attrs {
  const full: Record<string, Attrs[string]> = {};
  for (const [name, spec] of Object.entries(op.attrs)) {
    const given = attrs[name] ?? spec.default;
    if (given === undefined) throw new Error(`${op.name} needs the attribute ${name}`);
    full[name] =
      spec.type === 'int[]' && typeof given === 'number' && spec.repeat
        ? new Array(spec.repeat).fill(given)
        : given;
  }
  for (const name of Object.keys(attrs)) {
    if (!(name in op.attrs)) throw new Error(`${op.name} has no attribute ${name}`);
  }
  return full;
}
