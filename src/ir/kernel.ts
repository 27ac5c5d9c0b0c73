import type { Attrs, Shape, Value } from './graph.ts';

/**
 * How an op becomes kernels. Three forms:
 * - `elementwise`: one WGSL expression per element. The planner makes chains of these and fuses them into
 *   the kernel that produces their first operand.
 * - `view`: no kernel; the output is the first operand's memory under another shape.
 * - `kernels`: one or more dispatches of templates in `codegen/`, which `src/kernels` chooses for a target.
 */
export type Lowering = ElementwiseLowering | ViewLowering | KernelLowering;

export interface ElementwiseLowering {
  readonly kind: 'elementwise';
  /**
   * WGSL expression for one element of the (single) output; `args[i]` is an f32 variable holding the
   * operand's element, broadcast where its shape asks for it; after them come the `constants`. `helpers` names
   * functions of `codegen/functions.wgsl.hbs` that it calls.
   */
  expression(args: readonly string[], attrs: Attrs): string;
  /** Numbers that differ from node to node: they are uniforms, so that the nodes share a kernel. */
  constants?(attrs: Attrs): readonly number[];
  readonly helpers?: readonly string[];
}

export interface ViewLowering {
  readonly kind: 'view';
  /** The operands must lie one after the other in one buffer, as `packed` of `packing.ts` says (`pack`). */
  readonly packed?: true;
  /** The same without gaps (`join`). */
  readonly joined?: boolean;
  /** Where the output begins in the first operand, in elements (`part`); left out: at its beginning, with all of it. */
  offset?(input: Shape, attrs: Attrs): number;
  /** What reads the output is computed no earlier than where this stands (`again`). */
  readonly late?: true;
}

export interface KernelLowering {
  readonly kind: 'kernels';
  /** Outputs that overwrite an operand: output index → operand index. */
  readonly inPlace?: Readonly<Record<number, number>>;
}

/** What a kernel may count on; taken from the adapter that is compiled for. */
export interface DeviceLimits {
  readonly maxComputeInvocationsPerWorkgroup: number;
  readonly maxComputeWorkgroupSizeX: number;
  readonly maxComputeWorkgroupSizeY: number;
  readonly maxComputeWorkgroupSizeZ: number;
  readonly maxComputeWorkgroupStorageSize: number;
  readonly maxComputeWorkgroupsPerDimension: number;
  readonly maxStorageBuffersPerShaderStage: number;
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
  readonly minStorageBufferOffsetAlignment: number;
  readonly minUniformBufferOffsetAlignment: number;
}

export type UniformType = 'u32' | 'i32' | 'f32';

/**
 * One dispatch.
 *
 * The template `codegen/<template>.wgsl.hbs` is rendered with `options` (structure: what changes the text,
 * and so the pipeline); sizes go into `uniforms`, so that one pipeline serves many shapes. Rendering declares
 * `p.<uniform>` for each uniform. A template never names memory: it reads `x` through `load_x(i)` (`load4_x(i)` where
 * the read asks for vectors) and writes `y` through `store_y(i, value)`, which is where the planner decides on layout
 * and fuses what precedes and follows (see `Accessor` in `codegen/render.ts`).
 */
export interface KernelCall {
  readonly template: string;
  readonly options: Readonly<Record<string, string | number | boolean>>;
  readonly uniforms: readonly (readonly [name: string, type: UniformType, value: number])[];
  /** Whole numbers behind the uniforms, four a row: `p.table[row]` is a `vec4<u32>`. */
  readonly table?: readonly number[];
  readonly reads: readonly KernelBinding[];
  readonly writes: readonly KernelBinding[];
  /** How many; the planner folds what is beyond a device's limit, so templates count `group.y * groups.x + group.x`. */
  readonly workgroups: number;
  /**
   * Name of the write binding behind whose `store_` function an element-wise chain may be fused: each of its
   * elements is stored exactly once, by this call.
   */
  readonly fusable?: string;
  /** Said of a call that does nothing but add up what earlier calls of its node left: it may be put off. */
  readonly adds?: readonly PartialSums[];
  /** How one element of the fusable output follows from few others: what loads it may compute it instead. */
  readonly element?: ElementOf;
  /** Where the elements of the only read go: what computes them may store them there. */
  readonly scatter?: ScatterOf;
}

/** Where elements go that a call only moves. Each element of the output is one of the read, stored once. */
export interface ScatterOf {
  /** Divisions of whole numbers for one element of the read, here and in the dispatch. */
  readonly divisions: number;
  readonly divisionsApart: number;
  readonly uniforms: KernelCall['uniforms'];
  /** Statements on element `i: u32` of the read, and expressions of the places that it goes to. */
  lines(uniform: (name: string) => string): {
    readonly lines: readonly string[];
    /** Whether it goes anywhere; left out: always. */
    readonly inside?: string;
    readonly at: readonly string[];
  };
}

/** to[i] = the sum of from[first + part · partStride + i · stride] over `parts` parts, in order, for all elements of `to`. */
export interface PartialSums {
  readonly from: Value;
  readonly to: Value;
  readonly parts: number;
  readonly partStride: number;
  readonly first: number;
  readonly stride: number;
}

/** One element of what a call computes. The counts are of one element. */
export interface ElementOf {
  readonly loads: number;
  /** Divisions of whole numbers, here and in the dispatch. */
  readonly divisions: number;
  readonly divisionsApart: number;
  /** Statements that return element `i: u32`. */
  lines(c: {
    /** The element of a read at an index, which is an expression of type u32. */
    load(read: string, index: string): string;
    /** A uniform of the call. */
    uniform(name: string): string;
  }): readonly string[];
}

export interface KernelBinding {
  readonly name: string;
  readonly value: Value;
  /** A write binding that the kernel also reads, through `load_<name>` (in-place update). */
  readonly readWrite?: boolean;
  /** A write binding of which the call writes these parts, and nothing else; left out: all. */
  readonly only?: readonly Value[];
  /** A read by `load4_<name>(i)`, elements i to i + 3: i and the tensor's size must be multiples of 4. */
  readonly vector?: boolean;
  /**
   * How often a read binding's elements are loaded: about once, up to three times, or often if it is not said. What
   * computes the value may then be done in the load. Not said either where the template has very many loads (it is
   * unrolled): a kernel would take too long to compile.
   */
  readonly loads?: 'once' | 'few';
}
