import type { Graph, Node, Value, ValueId } from '../../ir/graph.ts';
import type { Facts } from './facts.ts';
import { MissingCosts } from './missing-costs.ts';

export interface Walked {
  readonly graph: Graph;
  /** The most bytes of values that are alive at once; infinite where the walk gave up. */
  readonly peak: number;
}

/** Recomputations may cost so many times what the graph does, and be so many times its nodes: beyond that it gives up. */
const MOST_EXTRA = { cost: 1, nodes: 2 };

/** A value as it is in memory now. */
interface Incarnation {
  readonly id: ValueId;
  /** Node of the graph before at which it was computed. */
  readonly since: number;
}

/**
 * Goes through a graph as a device would that has `budget` bytes for values. Where a node needs more, those values are
 * dropped that cost least to compute again for their bytes and for the time that these are free; what is read later and
 * not there is computed again, together with what it needs. The rule, and that what is missing already makes a value
 * more costly, is that of Kirisame et al. 2021 (Dynamic Tensor Rematerialization, arXiv 2006.09616), with the next use
 * instead of the last one: it is known here.
 */
export class Walk {
  private readonly graph: Graph;
  private readonly facts: Facts;
  private readonly budget: number;
  private readonly values: Value[];
  private readonly nodes: Node[] = [];
  private readonly now = new Map<ValueId, Incarnation>();
  /** Values that lie in a root that is there. */
  private readonly inside = new Map<ValueId, ValueId[]>();
  private readonly locks = new Map<ValueId, number>();
  private readonly seen = new Set<Node>();
  /** Views, of what was there before, that stand before all that is computed for the node that is looked at. */
  private readonly before: Node[] = [];
  /** `again` among these, by what it is a view of. */
  private readonly late = new Map<ValueId, ValueId>();
  /** By root: how many of its uses are over. */
  private readonly used = new Map<ValueId, number>();
  /** Roots that are there and may be dropped. */
  private readonly droppable = new Set<ValueId>();
  private readonly costs: MissingCosts;
  private at = 0;
  private bytes = 0;
  private peak = 0;
  /** Of recomputations. */
  private cost = 0;
  private count = 0;
  private readonly mostCost: number;

  constructor(graph: Graph, facts: Facts, budget: number) {
    this.graph = graph;
    this.facts = facts;
    this.budget = budget;
    this.values = [...graph.values];
    this.costs = new MissingCosts(
      graph,
      facts,
      (r) => this.isThere(r),
      (node) => this.seen.has(node),
    );
    this.mostCost = MOST_EXTRA.cost * graph.nodes.reduce((n, node) => n + facts.cost(node), 0);
    for (const { value } of graph.sources) this.now.set(value, { id: value, since: -1 });
  }

  run(): Walked {
    const { graph, facts } = this;
    for (const [i, node] of graph.nodes.entries()) {
      if (this.givenUp) return { graph, peak: Number.POSITIVE_INFINITY };
      // Views are made where they are read.
      if (facts.isView(node)) continue;
      this.at = i;
      const first = this.nodes.length;
      this.compute(node);
      this.nodes.splice(first, 0, ...this.before);
      this.before.length = 0;
      this.late.clear();
    }
    this.at = graph.nodes.length;
    const final = <T extends { readonly value: ValueId }>(list: readonly T[]) =>
      list.map((r) => ({ ...r, value: this.operand(r.value) }));
    const [outputs, updates] = [final(graph.outputs), final(graph.updates)];
    this.nodes.push(...this.before);
    return { graph: { ...graph, values: this.values, nodes: this.nodes, outputs, updates }, peak: this.peak };
  }

  /**
   * Computes a node, at first or again.
   *
   * @param wanted an output that stays, though nothing may read it but what is computed next
   */
  private compute(node: Node, wanted?: ValueId): void {
    const { facts } = this;
    const isFirst = !this.seen.has(node);
    this.seen.add(node);
    const inputs = node.inputs.map((v) => {
      const found = this.operand(v);
      this.lock(facts.root(v));
      return found;
    });
    // Of a node with several outputs some may still be there; they are computed again all the same.
    const roots = node.outputs.filter((v) => facts.root(v) === v);
    const made = roots.filter((v) => !this.isThere(v));
    for (const r of roots) this.lock(r);
    this.makeRoom(roots.reduce((n, r) => n + facts.bytes(r), 0));
    const outputs = isFirst ? node.outputs : node.outputs.map((v) => this.newValue(v));
    this.nodes.push({
      ...node,
      inputs: isFirst ? inputs : inputs.map((v, k) => this.lateView(v, node.inputs[k])),
      outputs,
    });
    if (!isFirst) {
      this.cost += facts.cost(node);
      this.count++;
    }
    node.outputs.forEach((v, k) => {
      if (facts.root(v) !== v || made.includes(v)) this.place(v, outputs[k], this.at);
    });
    for (const r of made) this.arrive(r);
    if (isFirst) this.at++;
    for (const v of node.inputs) this.unlock(facts.root(v));
    for (const r of roots) this.unlock(r);
    for (const r of new Set([...node.inputs.map(facts.root), ...roots]))
      if (r !== wanted && !this.isNeeded(r)) this.drop(r);
  }

  /** What stands for a value of the graph before, which is computed where it is not there. */
  private operand(v: ValueId): ValueId {
    const known = this.now.get(v);
    if (known) return known.id;
    const node = this.facts.producer.get(v)!;
    if (!this.facts.isView(node)) {
      this.compute(node, v);
      return this.now.get(v)!.id;
    }
    const inputs = node.inputs.map((x) => this.operand(x));
    const out = this.seen.has(node) ? this.newValue(v) : v;
    this.seen.add(node);
    const since = Math.max(...node.inputs.map((x) => this.now.get(x)!.since));
    (since === this.at ? this.nodes : this.before).push({ ...node, inputs, outputs: [out] });
    this.place(v, out, since);
    return out;
  }

  /** The value behind a view that keeps what is computed again from being fused into what was computed before. */
  private lateView(v: ValueId, before: ValueId): ValueId {
    if (this.now.get(before)!.since === this.at || this.facts.isSource(this.facts.root(before))) return v;
    const known = this.late.get(v);
    if (known !== undefined) return known;
    const { scope } = this.facts.producer.get(before)!;
    const late = this.newValue(v);
    this.before.push({ op: 'again', inputs: [v], outputs: [late], attrs: {}, scope });
    this.late.set(v, late);
    return late;
  }

  private newValue(like: ValueId): ValueId {
    const id = this.values.length as ValueId;
    this.values.push({ ...this.values[like], id });
    return id;
  }

  private place(v: ValueId, id: ValueId, since: number): void {
    this.now.set(v, { id, since });
    const root = this.facts.root(v);
    const inside = this.inside.get(root);
    if (inside) inside.push(v);
    else this.inside.set(root, [v]);
  }

  private arrive(root: ValueId): void {
    this.bytes += this.facts.bytes(root);
    if (this.facts.isDroppable(root)) this.droppable.add(root);
    this.costs.change(root);
  }

  private drop(root: ValueId): void {
    this.bytes -= this.facts.bytes(root);
    this.droppable.delete(root);
    for (const v of this.inside.get(root)!) this.now.delete(v);
    this.inside.delete(root);
    this.costs.change(root);
  }

  private isThere(root: ValueId): boolean {
    return this.facts.isSource(root) || this.inside.has(root);
  }

  private isNeeded(root: ValueId): boolean {
    const { facts } = this;
    return (
      facts.isSource(root) || facts.isKept(root) || this.locks.has(root) || this.nextUse(root) !== undefined
    );
  }

  /** The node that reads a root next, the one that is looked at included. */
  private nextUse(root: ValueId): number | undefined {
    const uses = this.facts.uses(root);
    let over = this.used.get(root) ?? 0;
    while (uses[over] < this.at) over++;
    this.used.set(root, over);
    return uses[over];
  }

  private makeRoom(bytes: number): void {
    if (bytes === 0) return;
    while (this.bytes + bytes > this.budget && !this.givenUp) {
      const least = this.cheapest();
      if (least === undefined) break;
      this.drop(least);
    }
    this.peak = Math.max(this.peak, this.bytes + bytes);
  }

  private get givenUp(): boolean {
    return this.cost > this.mostCost || this.count > MOST_EXTRA.nodes * this.graph.nodes.length;
  }

  /** What to drop next, if there is anything. */
  private cheapest(): ValueId | undefined {
    let best: ValueId | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const root of this.droppable) {
      const next = this.nextUse(root);
      if (next === undefined || next === this.at || this.locks.has(root)) continue;
      const cost = this.costs.of(root) / (this.facts.bytes(root) * (next - this.at));
      if (cost < least) [best, least] = [root, cost];
    }
    return best;
  }

  private lock(root: ValueId): void {
    this.locks.set(root, (this.locks.get(root) ?? 0) + 1);
  }

  private unlock(root: ValueId): void {
    const locks = this.locks.get(root)! - 1;
    if (locks > 0) this.locks.set(root, locks);
    else this.locks.delete(root);
  }
}
