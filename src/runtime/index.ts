/// <reference types="@webgpu/types" preserve="true" />
/**
 * Runs bundles, as `archc compile` writes them, on a WebGPU device: in browsers and in Node. Provisional: its API
 * may change between minor versions.
 */
export type { BufferInfo, Bundle, Dispatch, KernelInfo, Manifest, TensorInfo } from '../bundle/manifest.ts';
export { type DispatchTime, profile } from './profile.ts';
export { RuntimeError, type RuntimeErrorCode } from './runtime-error.ts';
export { Session, type TensorData } from './session.ts';
export { StepReader, type StepResult } from './step-reader.ts';
