/// <reference types="@webgpu/types" preserve="true" />
/**
 * From specs as texts to the files of a program, in browsers, workers and Node. Provisional: its API may change between
 * minor versions.
 *
 * Texts → {@link memoryFiles} → {@link loadSpec} → {@link compileSpec} → {@link programFiles}, which `openProgram` of
 * `archc/runtime` opens and `archc compile` writes to a folder.
 */

export { InputError, JobError } from '../errors.ts';
export type { Target } from '../ir/target.ts';
/** What programs can be compiled for. */
export { namedTarget, portableTarget, targets } from '../kernels/targets.ts';
export type {
  Diagnostic,
  DiagnosticCode,
  ElaboratedModel,
  FileAccess,
  LoadedSpec,
} from '../language/index.ts';
/** From text to a checked spec; mistakes as text. */
export { check, loadSpec, modelNames, renderDiagnostic } from '../language/index.ts';
export { memoryFiles } from '../language/memory-files.ts';
/** Parameters and buffers of a model: what is kept with it. */
export { storedTensors } from '../language/model.ts';
/** Every op, by name. */
export { ops } from '../ops/index.ts';
export type { Facts } from '../program/facts.ts';
export type { Program } from '../program/program.ts';
export { parseSafetensors, type Safetensors, serializeSafetensors } from '../tensors/safetensors-bytes.ts';
export type { Dtype, StoredData, Tensor } from '../tensors/tensor.ts';
export { toFloat32 } from '../tensors/tensor.ts';
export type { Compiled, CompiledSpec, CompileOptions } from './compile.ts';
export { compileModel, compileSpec } from './compile.ts';
/** First values of parameters and buffers, as the spec says. */
export { initialiseAll } from './initialise.ts';
export type { PlanFor } from './portable.ts';
export { programFiles, weightsBytes } from './program-files.ts';
export { SpecError } from './spec-error.ts';
