/**
 * What a model is compiled to: everything that a runtime needs but the weights, known before the first run. Entries
 * (forward pass, gradients, update, …) share one set of sources and one memory plan.
 */
export interface Program extends ProgramPlan {
  readonly kernels: readonly KernelInfo[];
}

/** A program without the code of its kernels. */
export interface ProgramPlan {
  /** What programs that are written now have; one of format 3 says nothing of what its weights were trained on. */
  readonly format: 3 | 4;
  readonly model: string;
  readonly batch: number;
  /** Name of the target that its kernels were chosen for. */
  readonly target: string;
  readonly buffers: readonly BufferInfo[];
  /** Of device memory: of all buffers, that of the uniforms included. */
  readonly bytes: number;
  readonly kernels: readonly KernelInterface[];
  /** Contents of the one uniform buffer, as 32-bit words. */
  readonly uniforms: readonly number[];
  /** What lives from run to run, or is given for it. */
  readonly tensors: readonly SourceInfo[];
  /** By name: what can be run. */
  readonly entries: Readonly<Record<string, Entry>>;
  /** What the adapter must allow; all else is within WebGPU's defaults. */
  readonly requires: {
    readonly maxStorageBuffersPerShaderStage: number;
    readonly maxStorageBufferBindingSize: number;
    readonly maxBufferSize: number;
    readonly maxComputeInvocationsPerWorkgroup: number;
    readonly maxComputeWorkgroupStorageSize: number;
    readonly minStorageBufferOffsetAlignment: number;
    readonly features: readonly DeviceFeature[];
  };
}

/** What devices may lack, under WebGPU's names. `shader-f16`: values in half precision. */
export type DeviceFeature = 'shader-f16';

/** Tensors lie in few buffers, at multiples of 256 bytes. */
export interface BufferInfo {
  /** In bytes. */
  readonly size: number;
  /** What it holds: sources by kind; in `values` what entries compute, at places that are used again and again. */
  readonly kind: 'input' | 'weights' | 'state' | 'carry' | 'values';
}

export interface KernelInterface {
  /** Names the file `kernels/<name>.wgsl` of a program on disk. */
  readonly name: string;
  readonly bindings: readonly ('read' | 'read_write')[];
  readonly hasUniforms: boolean;
}

export interface KernelInfo extends KernelInterface {
  readonly wgsl: string;
}

/** One order of dispatches over the program's tensors. */
export interface Entry {
  readonly dispatches: readonly Dispatch[];
  /** What it computes; kept until the entry runs again. */
  readonly outputs: readonly TensorInfo[];
  /** The most bytes of values that are alive at once while it runs; its sources come on top. */
  readonly peak: number;
  /** There if it keeps values in half precision: a word that is 0 before a run, and 1 after it if one was beyond that. */
  readonly overflow?: { readonly buffer: number; readonly offset: number };
}

export interface Dispatch {
  readonly kernel: number;
  /** Buffer, offset and size in bytes, for bindings 1, 2, … */
  readonly bindings: readonly (readonly [buffer: number, offset: number, size: number])[];
  /** Offset and size in bytes within the uniform buffer, for binding 0. */
  readonly uniforms: readonly [offset: number, size: number];
  readonly workgroups: readonly [number, number, number];
  /** What it computes (`vssm_encoder.layers.0: conv2d + silu`), for profiles. */
  readonly label: string;
}

export interface TensorInfo {
  readonly name: string;
  readonly dtype: 'f32' | 'i32';
  readonly shape: readonly number[];
  readonly buffer: number;
  /** In bytes. */
  readonly offset: number;
}

/**
 * - `input`: given anew for each run
 * - `param`, `buffer`: the model's, by their `state_dict` keys
 * - `state`: of training; lives from step to step
 * - `carry`: what one entry leaves for another within a step
 */
export type SourceKind = 'input' | 'param' | 'buffer' | 'state' | 'carry';

export interface SourceInfo extends TensorInfo {
  readonly kind: SourceKind;
  /** What each element of a `state` is at first, if not 0. */
  readonly initial?: number;
}
