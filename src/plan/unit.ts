import type { Value, ValueId } from '../ir/graph.ts';
import type { KernelCall } from '../ir/kernel.ts';

/** One element-wise op inside a kernel: `v<n> = expression`. */
export interface ChainStep {
  readonly value: ValueId;
  readonly op: string;
  readonly helpers: readonly string[];
  readonly args: readonly ChainArg[];
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

/** Dispatches that belong together, and the element-wise chain fused behind the last one's output. */
export interface Unit {
  label: string;
  readonly scope: string;
  readonly calls: readonly KernelCall[];
  /** Value that the chain starts from: the fusable output of the last call. */
  readonly head: ValueId | undefined;
  readonly chain: ChainStep[];
  /** Memory for this unit alone. */
  readonly scratch: readonly Value[];
  /** Values that its loads compute instead of reading them, by the units that would have stored them. */
  readonly prologues: Map<ValueId, Unit>;
}

/** Values of a unit that can be used by name inside its kernel. */
export function computedValues(unit: Unit): ValueId[] {
  return [...(unit.head === undefined ? [] : [unit.head]), ...unit.chain.map((s) => s.value)];
}

/** All values that a unit reads from memory, also to compute what it loads. */
export function loadedValues(unit: Unit): ValueId[] {
  const loaded = [
    ...unit.calls.flatMap((c) => c.reads.map((r) => r.value.id)),
    ...unit.calls.flatMap((c) => c.writes.filter((w) => w.readWrite).map((w) => w.value.id)),
    ...unit.chain.flatMap((s) => s.args.filter((a) => a.kind === 'loaded').map((a) => a.value)),
  ];
  return loaded.flatMap((v) => {
    const prologue = unit.prologues.get(v);
    return prologue ? loadedValues(prologue) : [v];
  });
}
