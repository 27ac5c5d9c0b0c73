import type { Value, ValueId } from '../ir/graph.ts';
import type { KernelCall, ScatterOf } from '../ir/kernel.ts';

/** One element-wise op inside a kernel: `v<n> = expression`. */
export interface ChainStep {
  readonly value: ValueId;
  readonly op: string;
  readonly helpers: readonly string[];
  readonly args: readonly ChainArg[];
  /** Uniforms that the expression takes after the args. */
  readonly constants: readonly number[];
  expression(args: readonly string[]): string;
}

/** What a step computes from: a value computed in the same kernel, or an element loaded from memory. */
export type ChainArg =
  | { readonly kind: 'computed'; readonly value: ValueId }
  | {
      readonly kind: 'loaded';
      readonly value: ValueId;
      /** index = Σ ((i / divisor) % modulus) · stride; no terms: element 0; `undefined`: element i. */
      readonly terms: readonly BroadcastTerm[] | undefined;
    };

export interface BroadcastTerm {
  readonly divisor: number;
  readonly modulus: number;
  readonly stride: number;
}

/** What follows from a value element by element. */
export interface Chain {
  /** Value that it starts from. */
  readonly head: ValueId | undefined;
  readonly chain: ChainStep[];
  /** Copies of what is computed here to other places, and what follows from them. */
  readonly branches: Branch[];
}

export interface Branch extends Chain {
  readonly op: string;
  readonly head: ValueId;
  /** The value that is copied; its chain computes it. */
  readonly from: ValueId;
  readonly scatter: ScatterOf;
}

/** Dispatches that belong together, and what is fused behind the last one's output, which is the chain's head. */
export interface Unit extends Chain {
  label: string;
  readonly scope: string;
  readonly calls: readonly KernelCall[];
  /** Memory for this unit alone. */
  readonly scratch: readonly Value[];
  /** Values that its loads compute instead of reading them, by the units that would have stored them. */
  readonly prologues: Map<ValueId, Unit>;
}

/** The call behind whose output chains are fused: the last that allows it; what follows only adds up what it left. */
export function hostOf({ calls }: Pick<Unit, 'calls'>): KernelCall {
  return calls.findLast((call) => call.fusable) ?? calls[calls.length - 1];
}

/** Values of a unit that can be used by name inside its kernel. */
export function computedValues(unit: Chain): ValueId[] {
  return chainsOf(unit).flatMap(ownValues);
}

/** Values of a chain, all with the same index. */
export function ownValues({ head, chain }: Chain): ValueId[] {
  return [...(head === undefined ? [] : [head]), ...chain.map((s) => s.value)];
}

/** A chain and all that branch off it. */
export function chainsOf(chain: Chain): Chain[] {
  return [chain, ...chain.branches.flatMap(chainsOf)];
}

/** Ops of a chain and of what branches off it, in order. */
export function chainOps(chain: Chain): string[] {
  return [...chain.chain.map((s) => s.op), ...chain.branches.flatMap((b) => [b.op, ...chainOps(b)])];
}

/** Values that a chain, with all that branches off it, reads from memory. */
export function chainLoads(chain: Chain): (ChainArg & { kind: 'loaded' })[] {
  return chainsOf(chain)
    .flatMap((c) => c.chain.flatMap((s) => s.args))
    .filter((arg) => arg.kind === 'loaded');
}

/** All values that a unit reads from memory, also to compute what it loads. */
export function loadedValues(unit: Unit): ValueId[] {
  const loaded = [
    ...unit.calls.flatMap((c) => c.reads.map((r) => r.value.id)),
    ...unit.calls.flatMap((c) => c.writes.filter((w) => w.readWrite).map((w) => w.value.id)),
    ...chainLoads(unit).map((arg) => arg.value),
  ];
  return loaded.flatMap((v) => {
    const prologue = unit.prologues.get(v);
    return prologue ? loadedValues(prologue) : [v];
  });
}
