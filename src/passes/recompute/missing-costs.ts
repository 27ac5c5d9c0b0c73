import type { Graph, Node, ValueId } from '../../ir/graph.ts';
import type { Facts } from './facts.ts';

/** What it costs to compute values again, with all that is not there either and that they follow from. */
export class MissingCosts {
  private readonly facts: Facts;
  private readonly isThere: (root: ValueId) => boolean;
  private readonly isDone: (node: Node) => boolean;
  /** Nodes that read a root, views left out. */
  private readonly readers = new Map<ValueId, Node[]>();
  private readonly known = new Map<ValueId, number>();

  /**
   * @param isThere whether a root is in memory
   * @param isDone whether a node was computed at all
   */
  constructor(
    graph: Graph,
    facts: Facts,
    isThere: (root: ValueId) => boolean,
    isDone: (node: Node) => boolean,
  ) {
    this.facts = facts;
    this.isThere = isThere;
    this.isDone = isDone;
    for (const node of graph.nodes) {
      if (facts.isView(node)) continue;
      for (const r of new Set(node.inputs.map(facts.root))) {
        const list = this.readers.get(r);
        if (list) list.push(node);
        else this.readers.set(r, [node]);
      }
    }
  }

  /** Estimated nanoseconds. */
  of(root: ValueId): number {
    const known = this.known.get(root);
    if (known !== undefined) return known;
    const { facts } = this;
    let cost = 0;
    const seen = new Set<Node>();
    const waiting = [facts.producer.get(root)!];
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      cost += facts.cost(node);
      for (const r of new Set(node.inputs.map(facts.root)))
        if (!this.isThere(r)) waiting.push(facts.producer.get(r)!);
    }
    this.known.set(root, cost);
    return cost;
  }

  /** Notes that a root came or went: what follows from it, alone or by others that are not there, costs something else. */
  change(root: ValueId): void {
    this.known.delete(root);
    const seen = new Set<ValueId>([root]);
    const waiting = [root];
    for (let r = waiting.pop(); r !== undefined; r = waiting.pop()) {
      for (const node of this.readers.get(r) ?? []) {
        if (!this.isDone(node)) continue;
        for (const out of node.outputs.map(this.facts.root)) {
          if (seen.has(out)) continue;
          seen.add(out);
          if (this.isThere(out)) this.known.delete(out);
          else waiting.push(out);
        }
      }
    }
  }
}
