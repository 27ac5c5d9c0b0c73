import { greatestCommonDivisor } from '../../ir/divisor.ts';
import { elementCount, type Graph, type Node, type Shape, type ValueId } from '../../ir/graph.ts';
import type { OpTable } from '../../ir/op.ts';
import { OFFSET_ALIGNMENT, PACK_ALIGNMENT } from '../../ir/packing.ts';
import { leadingAxis, type SplitRule, unitsOf } from '../../ir/split-rule.ts';

/** Where tensors are cut and how nodes fall apart. */
export interface Cuts {
  /** By tensor that is too large: boundaries of its parts in equal shares of its leading axis, `[0, 1, 2]` for halves. */
  readonly cuts: ReadonlyMap<ValueId, readonly number[]>;
  readonly rules: ReadonlyMap<Node, NodeCut>;
  /** Nodes without a rule, but with another form whose nodes may have one: that is for the next round. */
  readonly unfused: ReadonlySet<Node>;
}

export interface NodeCut {
  readonly rule: SplitRule;
  /** The large tensors that the rule cuts, all at the same shares; any other is whole in every part. */
  readonly values: readonly ValueId[];
}

/**
 * Finds for the tensors beyond a binding's size how they are cut. Where one of those that nodes have in common cannot
 * be cut, none is, and planning tells what does not fit.
 *
 * @param limit bytes that a binding holds
 */
export function planCuts(graph: Graph, ops: OpTable, limit: number): Cuts {
  const shape = (v: ValueId) => graph.values[v].shape;
  const bytes = (v: ValueId) => 4 * elementCount(shape(v));
  const found = new Map<Node, NodeCut>();
  const groups = new Groups();
  const unfused = new Set<Node>();
  for (const node of graph.nodes) {
    if (isPlacement(node, ops)) continue;
    const large = [...new Set([...node.inputs, ...node.outputs])].filter((v) => bytes(v) > limit);
    if (large.length === 0) continue;
    const cut = cutOf(node, ops, shape, large);
    if (!cut && unfusedForm(node, ops)) {
      unfused.add(node);
      continue;
    }
    for (const v of cut?.values ?? large) groups.link((cut?.values ?? large)[0], v);
    if (cut) {
      found.set(node, cut);
      groups.limitUnits(cut.values[0], unitsOf(cut.rule, node.inputs.map(shape), node.outputs.map(shape)));
    } else for (const v of large) groups.limitUnits(v, 1);
  }
  // They read tensors whole: nothing is cut before all nodes have the form in which they can be.
  if (unfused.size > 0) return { cuts: new Map(), rules: new Map(), unfused };
  const cuts = new Map<ValueId, readonly number[]>();
  for (const { values, units } of groups.all()) {
    if (units < 2) continue;
    const boundaries = cutsOf(units, values.map(shape), limit);
    for (const v of values) cuts.set(v, boundaries);
  }
  const rules = new Map([...found].filter(([, { values }]) => cuts.has(values[0])));
  return { cuts, rules, unfused };
}

export function unfusedForm(node: Node, ops: OpTable) {
  const op = ops.get(node.op);
  return op?.kind === 'primitive' ? op.unfused : undefined;
}

/** Whether a node only says where its tensors lie: it binds nothing. */
function isPlacement(node: Node, ops: OpTable): boolean {
  const op = ops.get(node.op);
  if (op?.kind !== 'primitive' || op.lowering.kind !== 'view') return false;
  return op.lowering.joined === true || op.lowering.offset !== undefined || op.lowering.packed !== undefined;
}

/**
 * The rule that cuts most of a node's large tensors, each along its leading axis, and leaves the others whole: those
 * are for the next round, such as the output of a convolution whose input is cut along the channels.
 */
function cutOf(
  node: Node,
  ops: OpTable,
  shape: (v: ValueId) => Shape,
  large: readonly ValueId[],
): NodeCut | undefined {
  const op = ops.get(node.op);
  if (op?.kind !== 'primitive') return undefined;
  const [inputs, outputs] = [node.inputs.map(shape), node.outputs.map(shape)];
  const candidates = (op.splits?.(inputs, outputs, node.attrs) ?? []).flatMap((rule): NodeCut[] => {
    const axes = (v: ValueId) => [
      ...node.inputs.flatMap((x, i) => (x === v ? [rule.operands[i]] : [])),
      ...node.outputs.flatMap((y, o) => (y === v ? [rule.outputs[o]] : [])),
    ];
    const cut = (v: ValueId) => axes(v).every((axis) => axis === leadingAxis(shape(v)));
    const whole = (v: ValueId) => axes(v).every((axis) => typeof axis !== 'number');
    const values = large.filter(cut);
    const possible = values.length > 0 && large.every((v) => cut(v) || whole(v));
    return possible && unitsOf(rule, inputs, outputs) > 1 ? [{ rule, values }] : [];
  });
  const most = Math.max(...candidates.map((c) => c.values.length));
  return candidates.find((c) => c.values.length === most);
}

/**
 * As few parts as fit, or up to twice as many where those are all alike, so that they share kernels, or even begin where
 * bindings can. One share a part where even that is too large: the next round goes on from there.
 */
function cutsOf(units: number, shapes: readonly Shape[], limit: number): number[] {
  const largest = Math.max(...shapes.map((s) => 4 * elementCount(s)));
  const even = (parts: number) => units % parts === 0;
  const aligned = (parts: number) =>
    even(parts) && shapes.every((s) => (elementCount(s) / parts) % PACK_ALIGNMENT === 0);
  // The binding of a part that is not aligned begins before it.
  const room = Math.max(limit - (OFFSET_ALIGNMENT - 4), 4);
  const fits = (parts: number) =>
    (Math.ceil(units / parts) / units) * largest <= (aligned(parts) ? limit : room);
  const least = Math.max(2, Math.ceil(largest / limit));
  const most = Math.min(units, 2 * Math.max(least, Math.ceil(largest / room)));
  const counts = Array.from({ length: Math.max(most - least + 1, 0) }, (_, i) => least + i).filter(fits);
  const parts = counts.find(aligned) ?? counts.find(even) ?? counts[0] ?? units;
  return Array.from({ length: parts + 1 }, (_, k) => Math.floor((k * units) / parts));
}

/** Tensors that are cut alike. */
class Groups {
  private readonly parent = new Map<ValueId, ValueId>();
  private readonly units = new Map<ValueId, number>();

  link(a: ValueId, b: ValueId): void {
    const [one, other] = [this.find(a), this.find(b)];
    if (one === other) return;
    this.parent.set(other, one);
    this.units.set(one, greatestCommonDivisor(this.units.get(one) ?? 0, this.units.get(other) ?? 0));
  }

  /** The group can be cut into a divisor of so many equal shares. */
  limitUnits(v: ValueId, units: number): void {
    const group = this.find(v);
    this.units.set(group, greatestCommonDivisor(this.units.get(group) ?? 0, units));
  }

  all(): { readonly values: readonly ValueId[]; readonly units: number }[] {
    const members = new Map<ValueId, ValueId[]>();
    for (const v of this.parent.keys()) members.set(this.find(v), [...(members.get(this.find(v)) ?? []), v]);
    return [...members].map(([group, values]) => ({ values, units: this.units.get(group) ?? 1 }));
  }

  private find(v: ValueId): ValueId {
    if (!this.parent.has(v)) this.parent.set(v, v);
    let root = v;
    for (let next = this.parent.get(root)!; next !== root; next = this.parent.get(root)!) root = next;
    return root;
  }
}
