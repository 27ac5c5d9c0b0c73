import type { Graph } from '../../ir/graph.ts';
import type { OpTable } from '../../ir/op.ts';
import type { Target } from '../../ir/target.ts';
import type { Pass } from '../pass.ts';
import { type Facts, factsOf } from './facts.ts';
import { Walk, type Walked } from './walk.ts';

/**
 * Activation checkpointing (Chen et al. 2016, arXiv 1604.06174), for any graph: what takes much memory until it is read
 * again, and costs little, is computed a second time instead. Without a budget, or within it, the graph stays as it is.
 */
export const recompute: Pass = {
  name: 'recompute',
  doc: 'Computes values again instead of keeping them, as far as a budget of memory asks for it (--memory).',
  run: (graph, { ops, target, budget }) =>
    budget === undefined ? graph : new Recomputation(graph, ops, target).within(budget).graph,
};

/** A graph whose values may be computed again. */
export class Recomputation {
  /** The most bytes of values that are alive at once in the graph as it is, by the estimate of the pass. */
  readonly peak: number;
  private readonly graph: Graph;
  private readonly facts: Facts;

  constructor(graph: Graph, ops: OpTable, target: Target) {
    this.graph = graph;
    this.facts = factsOf(graph, ops, target);
    this.peak = new Walk(graph, this.facts, Number.POSITIVE_INFINITY).run().peak;
  }

  /** The graph with what a budget asks for; a peak above it where it cannot be kept. */
  within(budget: number): Walked {
    const { graph, facts, peak } = this;
    const after = peak <= budget ? undefined : new Walk(graph, facts, budget).run();
    return after && after.peak < peak ? after : { graph, peak };
  }
}
