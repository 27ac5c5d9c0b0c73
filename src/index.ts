/// <reference types="@webgpu/types" preserve="true" />
/**
 * The library: what the commands are made of. docs/api.md shows how its parts go together.
 *
 * Text → {@link parseModule} → {@link loadSpec} → {@link check}, {@link elaborate} → a graph of ops, which a
 * {@link Backend} runs and {@link writeProgramFolder} compiles. {@link openModel} does the first four on files.
 * Every function throws {@link InputError} for what it is given, {@link JobError} for what fails all the same, and
 * {@link SpecError} for a spec with mistakes; anything else is a fault of archc.
 */

export type * as ast from '../grammar/ast.ts';
export type { SyntaxIssue } from '../grammar/issue.ts';
/** Text → syntax tree, with what is wrong with the text. Never throws. */
export { parseModule } from '../grammar/parser.ts';
export type { AcquiredDevice, AcquireOptions } from './adapter/acquire.ts';
/** A WebGPU device in Node: a GPU, else a software adapter. */
export { acquireDevice } from './adapter/acquire.ts';
export type { AdapterChoice, DeviceChoice } from './adapter/choice.ts';
export type { DoctorReport } from './adapter/doctor.ts';
/** What `archc doctor` reports. */
export { inspect as inspectAdapters } from './adapter/doctor.ts';
export type { GradientGraph } from './autodiff/differentiated.ts';
/** The graph of loss and gradients. */
export { gradientGraph } from './autodiff/differentiated.ts';
export type { EntryOptions, TrainingEntries } from './autodiff/entries.ts';
/** The graphs that a program which trains is made of. */
export { trainingEntries } from './autodiff/entries.ts';
export type { Backend, Elements, Executable } from './backend/backend.ts';
export type { CpuOptions } from './backend/cpu.ts';
/** Runs graphs on the processor, by kernels as WebAssembly. */
export { cpuBackend } from './backend/cpu.ts';
export type { OpenDevice } from './backend/device-target.ts';
export type { KernelBackend, KernelExecutable } from './backend/kernels.ts';
/** Runs graphs in float64 on the CPU: slow, and what kernels are checked against. */
export { referenceBackend } from './backend/reference.ts';
export type { WebgpuBackend } from './backend/webgpu.ts';
/** Runs graphs on a WebGPU device. */
export { webgpuBackend } from './backend/webgpu.ts';
export type { ModelCost, ModuleCost } from './compiler/cost.ts';
/** Parameters and multiply-adds, as `archc params --json` prints them. */
export { modelCost } from './compiler/cost.ts';
/** First values of a parameter, as the spec says. */
export { initialise } from './compiler/initialise.ts';
export type { OpenOptions } from './compiler/model.ts';
/** Specs by path, `path:Model` or shipped name, as the commands take them. */
export { trainSection } from './compiler/model.ts';
export type { ModuleGraph } from './compiler/module-graph.ts';
/** A model by modules, for drawing. */
export { moduleGraph } from './compiler/module-graph.ts';
/** Kernels and memory plan of graphs for any adapter. */
export { planPortably } from './compiler/portable.ts';
/** Specs and kernel templates as files on disk. */
export { kernelRenderer } from './compiler/renderer.ts';
export { SpecError } from './compiler/spec-error.ts';
export type { Dataset } from './data/dataset.ts';
/** A data set in nnU-Net's raw layout. */
export { openDataset } from './data/dataset.ts';
/** Images as a network reads them. */
export { type PreparedCase, prepareCase } from './data/prepared-case.ts';
export { InputError, JobError } from './errors.ts';
export { openAst, openModel, openSpec } from './files/open.ts';
/** The folder that `archc compile` wrote, for predicting and training without the compiler. */
export { openProgramFolder } from './files/open-program.ts';
export type { ProgramReport } from './files/program-folder.ts';
/** What `archc compile` does. */
export { writeProgramFolder } from './files/program-folder.ts';
export { nodeFiles, shippedSpecs } from './files/spec-files.ts';
export type { Entries, Graph, Node as GraphNode, SourceKind } from './ir/graph.ts';
export type { OpTable } from './ir/op.ts';
/** A graph as text, as `archc emit graph` prints it. */
export { printGraph } from './ir/print.ts';
export type {
  ConfigValue,
  Diagnostic,
  DiagnosticCode,
  ElaboratedModel,
  FileAccess,
  Initialiser,
  LoadedSpec,
  ModelOutput,
  ModuleInstance,
  Parameter,
  TrainSection,
} from './language/index.ts';
/** From text to a checked spec and to the graph of one of its models; without a file system. */
export {
  check,
  diagnosticTable,
  elaborate,
  loadSpec,
  modelNames,
  renderDiagnostic,
} from './language/index.ts';
/** Every op, by name. */
export { ops } from './ops/index.ts';
export type { Program } from './program/program.ts';
export type { OptimizerSpec } from './recipe/optimizers.ts';
/** The numbers of a step that its graphs take as input. */
export { hyperParameters } from './recipe/optimizers.ts';
export type { ScheduleSpec } from './recipe/schedules.ts';
/** A model by modules as SVG. */
export { networkDrawing } from './report/network-drawing.ts';
export { readSafetensors, writeSafetensors } from './tensors/safetensors.ts';
export type { Safetensors } from './tensors/safetensors-bytes.ts';
export { parseSafetensors, serializeSafetensors } from './tensors/safetensors-bytes.ts';
export type { Dtype, Tensor } from './tensors/tensor.ts';
export { toFloat32 } from './tensors/tensor.ts';
export type { JobOptions } from './training/job.ts';
/** What `archc train` does. */
export { trainJob } from './training/job.ts';
export type { JobReport } from './training/job-report.ts';
/** What `archc predict` does with each image. */
export { Segmenter, segmentTogether } from './training/predict.ts';
/** Weights of a model from safetensors or a PyTorch checkpoint. */
export { readWeights } from './training/weights-file.ts';
