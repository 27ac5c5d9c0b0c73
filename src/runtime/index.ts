/// <reference types="@webgpu/types" preserve="true" />
/**
 * Runs programs, as `archc compile` writes them, on a WebGPU device or on the processor: in browsers and in Node.
 * Provisional: its API may change between minor versions.
 */

export type { HowToSegment } from '../evaluation/predict-case.ts';
export type { Facts, TensorType, TrainedOnFacts, TrainingFacts } from '../program/facts.ts';
export type {
  BufferInfo,
  Dispatch,
  Entry,
  KernelInfo,
  Program,
  SourceInfo,
  SourceKind,
  TensorInfo,
} from '../program/program.ts';
export type { Normalisation } from '../recipe/normalisation.ts';
export type { PreprocessingPlan } from '../recipe/preprocessing.ts';
export { CompiledModel, openProgram } from './compiled-model.ts';
export type { PreprocessedSlices, RawImage, Segmentation } from './image.ts';
export type { ProgramFiles } from './program-files.ts';
export {
  type Inputs,
  type Output,
  RunningModel,
  type StartOptions,
  type StepReport,
} from './running-model.ts';
export { RuntimeError, type RuntimeErrorCode } from './runtime-error.ts';
export type { DispatchTime, OpenSession, OutputName, Session, Submitted, TensorData } from './session.ts';
export { StepReader, type StepResult } from './step-reader.ts';
export { hasRelaxedSimd } from './wasm/compile-module.ts';
export { CpuDevice, type CpuOptions } from './wasm/cpu-device.ts';
export type { DeviceOptions, KernelModule } from './wasm/device.ts';
export { workerScript } from './wasm/threads.ts';
export { WasmSession } from './wasm/wasm-session.ts';
export { profile } from './webgpu/profile.ts';
export { WebgpuSession } from './webgpu/session.ts';
