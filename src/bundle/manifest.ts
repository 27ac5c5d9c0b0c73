/** What the runtime needs besides the kernels' text: everything is known before the first run. */
export interface Manifest {
  readonly format: 1;
  readonly model: string;
  readonly batch: number;
  /** Name of the target that its kernels were chosen for. */
  readonly target: string;
  readonly buffers: readonly BufferInfo[];
  readonly kernels: readonly KernelInfo[];
  /** The dispatches of one run, in order. */
  readonly dispatches: readonly Dispatch[];
  /** Contents of the one uniform buffer, as 32-bit words. */
  readonly uniforms: readonly number[];
  readonly tensors: readonly TensorInfo[];
  /** What the adapter must allow; all else is within WebGPU's defaults. */
  readonly requires: {
    readonly maxStorageBuffersPerShaderStage: number;
    readonly maxStorageBufferBindingSize: number;
    readonly maxBufferSize: number;
    readonly maxComputeInvocationsPerWorkgroup: number;
    readonly maxComputeWorkgroupStorageSize: number;
    readonly minStorageBufferOffsetAlignment: number;
  };
}

export interface BufferInfo {
  /** In bytes. */
  readonly size: number;
  readonly kind: 'input' | 'weights' | 'state' | 'carry' | 'activations';
}

export interface KernelInfo {
  /** Names the file `<name>.wgsl`. */
  readonly name: string;
  readonly bindings: readonly ('read' | 'read_write')[];
  readonly hasUniforms: boolean;
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
  readonly kind: 'input' | 'param' | 'buffer' | 'state' | 'carry' | 'output';
  readonly dtype: 'f32' | 'i32';
  readonly shape: readonly number[];
  readonly buffer: number;
  /** In bytes. */
  readonly offset: number;
}

/** A manifest with its kernels: all that a runtime needs but the weights. */
export interface Bundle {
  readonly manifest: Manifest;
  /** WGSL by kernel name. */
  readonly wgsl: ReadonlyMap<string, string>;
}
