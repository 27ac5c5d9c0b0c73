import type { Attrs, DType, Shape, Value } from '../ir/graph.ts';
import type { DeviceLimits, KernelCall } from '../ir/kernel.ts';
import type { Target, TargetFeature, TargetKind } from '../ir/target.ts';

/** What an op's kernels are made for: one node with its tensors. */
export interface KernelNode {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attrs: Attrs;
}

export interface KernelContext extends KernelNode {
  readonly target: Target;
  /** Memory that lives only within this node's kernel calls. */
  scratch(shape: Shape, dtype?: DType): Value;
}

/** What a device must offer; element types beside f32 and i32 are features. */
export interface Needs {
  readonly limits?: Partial<DeviceLimits>;
  readonly features?: readonly TargetFeature[];
  /** Left out: any kind. */
  readonly kind?: TargetKind;
}

/** One way to compute a node. */
export interface Candidate {
  readonly name: string;
  readonly needs: Needs;
  /** Estimated nanoseconds on the target; only compared with that of other candidates for the node. */
  readonly cost: number;
  /** The dispatches, in order. */
  calls(c: KernelContext): KernelCall[];
}

/** All kernels of one op. */
export interface KernelFamily {
  /** All variants there are by name, with a sentence on how each computes; not every one suits every node. */
  readonly variants: Readonly<Record<string, string>>;
  /** Those that compute this node, at least one. */
  candidates(node: KernelNode, target: Target): readonly Candidate[];
}

/** The family of an op that has one way to be computed, within the default limits of WebGPU. */
export function onlyVariant(doc: string, calls: (c: KernelContext) => KernelCall[]): KernelFamily {
  const candidate: Candidate = { name: 'plain', needs: {}, cost: 0, calls };
  return { variants: { [candidate.name]: doc }, candidates: () => [candidate] };
}

/** The family of an op that is computed in another way as WebAssembly, at least where that `suits`. */
export function withCpuVariant(
  doc: string,
  calls: (c: KernelContext) => KernelCall[],
  cpu: {
    readonly name: string;
    readonly doc: string;
    suits?(node: KernelNode): boolean;
    calls(c: KernelContext): KernelCall[];
  },
): KernelFamily {
  const plain: Candidate = { name: 'plain', needs: {}, cost: 1, calls };
  const own: Candidate = { name: cpu.name, needs: { kind: 'cpu' }, cost: 0, calls: cpu.calls };
  return {
    variants: { [plain.name]: doc, [own.name]: cpu.doc },
    candidates: (node) => (cpu.suits?.(node) === false ? [plain] : [plain, own]),
  };
}

/** Names of a family's variants. */
export const variantNames = ({ variants }: KernelFamily): readonly string[] => Object.keys(variants);
