import type { Facts, TensorType } from '../program/facts.ts';
import type { Program, ProgramPlan } from '../program/program.ts';
import {
  digested,
  PLAIN_MODULE,
  RELAXED_MODULE,
  type StoredModules,
  type StoredPlan,
  type StoredProgram,
} from '../program/stored.ts';
import { checkBounds } from './check-bounds.ts';
import { type PreprocessedSlices, preprocessedSlices, type RawImage } from './image.ts';
import { parseDocument, readProgram } from './parse-program.ts';
import { checkDigest, type Load, loadChecked, loaderOf, type ProgramFiles, textOf } from './program-files.ts';
import { RunningModel, type StartOptions } from './running-model.ts';
import { RuntimeError } from './runtime-error.ts';
import type { Session } from './session.ts';
import { hasRelaxedSimd } from './wasm/compile-module.ts';
import { CpuDevice } from './wasm/cpu-device.ts';
import { WasmSession } from './wasm/wasm-session.ts';
import { checkOffers } from './webgpu/limits.ts';
import { WebgpuSession } from './webgpu/session.ts';
import { parseWeights } from './weights.ts';

const WEIGHTS = 'weights.safetensors';
/** `program.json` of the largest networks has a few of these, in bytes. */
const MAX_JSON = 64 * 2 ** 20;

/** A program that `archc compile` wrote, read and checked; nothing of it is on a device yet. */
export class CompiledModel {
  /** Its plan for WebGPU, else for the processor. */
  readonly program: ProgramPlan;
  /** What `predict` takes, at the program's batch. */
  readonly inputs: readonly TensorType[];
  /** What `predict` gives, finest first. */
  readonly outputs: readonly TensorType[];
  /** Kinds of devices that it can be started on. */
  readonly devices: readonly ('webgpu' | 'cpu')[];
  private readonly stored: StoredProgram;
  private readonly load: Load;
  private readonly webgpu: Program | undefined;
  private readonly cpu: { readonly plan: ProgramPlan; readonly modules: StoredModules } | undefined;

  /**
   * See {@link openProgram}.
   *
   * @param texts of kernels in WGSL, by name
   */
  constructor(stored: StoredProgram, texts: ReadonlyMap<string, string>, load: Load) {
    const { format, model, batch } = stored;
    const planOf = ({ modules: _, ...plan }: StoredPlan) => ({ format, model, batch, ...plan });
    for (const own of stored.plans) {
      const plan = planOf(own);
      if (own.modules) this.cpu = { plan, modules: own.modules };
      else {
        const kernels = plan.kernels.map(({ name, bindings, hasUniforms }) => ({
          ...{ name, bindings, hasUniforms, wgsl: texts.get(name)! },
        }));
        this.webgpu = { ...plan, kernels };
      }
    }
    this.devices = [...(this.webgpu ? ['webgpu' as const] : []), ...(this.cpu ? ['cpu' as const] : [])];
    this.program = this.webgpu ?? this.cpu!.plan;
    this.inputs = stored.facts.inputs;
    this.outputs = this.program.entries['forward'].outputs.map(({ name, dtype, shape }) => ({
      name,
      dtype,
      shape,
    }));
    this.stored = stored;
    this.load = load;
  }

  /** What it was compiled from; `training` is absent where the program is for inference only, `trainedOn` where its weights do not say it. */
  get facts(): Facts {
    return this.stored.facts;
  }

  /** Parameters and buffers, by their `state_dict` keys. */
  get weights(): readonly TensorType[] {
    const { tensors } = this.program;
    const { facts } = this.stored;
    const own = tensors.filter(({ kind }) => kind === 'param' || kind === 'buffer');
    return [...own.map(({ name, dtype, shape }) => ({ name, dtype, shape })), ...facts.unread];
  }

  /**
   * An image as the network reads it: by what its weights say that they were trained on, each channel is normalised, and by
   * a plan the image is cut to what is not 0, its slices along the plan's axis, resampled to the plan's spacing.
   *
   * @throws RuntimeError `unknown-preprocessing`, `not-segmentation`, `bad-image`
   */
  preprocess(image: RawImage): PreprocessedSlices {
    return preprocessedSlices(this, image);
  }

  /**
   * A device with the limits and features that the program needs.
   *
   * @param gpu in browsers `navigator.gpu`, which is taken where none is given; in Node what `create([])` of the npm
   *   package `webgpu` returns, which must be kept as long as the device is used
   * @throws RuntimeError `no-adapter`; `adapter-limits`, `adapter-features` where the adapter offers less;
   *   `program-target` where the program is not for WebGPU
   */
  async requestDevice(gpu?: GPU): Promise<GPUDevice> {
    const { requires } = this.forWebgpu();
    const own = gpu ?? (globalThis as { readonly navigator?: Partial<NavigatorGPU> }).navigator?.gpu;
    if (!own) throw new RuntimeError('no-adapter', 'there is no WebGPU here: `navigator.gpu` is missing');
    const adapter = await own.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) throw new RuntimeError('no-adapter', 'WebGPU finds no adapter');
    checkOffers(adapter, requires);
    const { features, ...limits } = requires;
    return adapter.requestDevice({ requiredFeatures: features, requiredLimits: limits });
  }

  /**
   * Makes the model ready on a device, with the weights of its folder or those that are given.
   *
   * @param device of WebGPU, or the processor
   * @throws RuntimeError `program-target`, `bad-weights`, `program-file` before anything is on the device; and as
   *   {@link WebgpuSession.create} or {@link WasmSession.create}
   */
  async start(device: GPUDevice | CpuDevice, options: StartOptions = {}): Promise<RunningModel> {
    const given = options.weights;
    const bytes = given ?? (await loadChecked(this.load, WEIGHTS, this.stored.weights));
    const weights = parseWeights(bytes, this.weights, given ? 'the weights' : WEIGHTS);
    const session =
      device instanceof CpuDevice
        ? await this.onCpu(device)
        : await WebgpuSession.create(device, this.forWebgpu());
    return new RunningModel(this, session, weights, options);
  }

  private forWebgpu(): Program {
    if (this.webgpu) return this.webgpu;
    throw new RuntimeError(
      'program-target',
      `the program of ${this.program.model} is for the processor only`,
    );
  }

  private async onCpu({ options }: CpuDevice): Promise<Session> {
    if (!this.cpu)
      throw new RuntimeError('program-target', `the program of ${this.program.model} is for WebGPU only`);
    const { plan, modules } = this.cpu;
    const relaxed = !options.deterministic && hasRelaxedSimd();
    const bytes = await loadChecked(
      this.load,
      relaxed ? RELAXED_MODULE : PLAIN_MODULE,
      relaxed ? modules.relaxed : modules.plain,
    );
    const { scratchBytes, address } = modules;
    const module = { bytes: bytes as Uint8Array<ArrayBuffer>, scratchBytes, address };
    return WasmSession.create(plan, module, options);
  }
}

/**
 * Opens a program that `archc compile` wrote. Version, types, sizes and bounds of all that `program.json` says are
 * checked, and that it and the kernels are as they were written.
 *
 * @param files where they are: a map of their bytes, a function that gets one by its name, or the folder's address
 * @throws RuntimeError `program-file`, `program-version`, `program-format`, `program-bounds`
 */
export async function openProgram(files: ProgramFiles): Promise<CompiledModel> {
  const load = loaderOf(files);
  const json = await load('program.json');
  if (json.length > MAX_JSON)
    throw new RuntimeError(
      'program-format',
      `program.json has ${json.length} bytes, at most ${MAX_JSON} are read`,
    );
  const text = textOf('program.json', json);
  const stored = readProgram(parseDocument(text));
  await checkDigest('program.json', new TextEncoder().encode(digested(text)), stored.sha256);
  checkBounds(stored);
  const kernels = stored.plans.flatMap((plan) => plan.kernels);
  const texts = await Promise.all(
    kernels.map(async ({ name, text: info }) => {
      if (!info) return [];
      const file = `kernels/${name}.wgsl`;
      return [[name, textOf(file, await loadChecked(load, file, info))] as const];
    }),
  );
  return new CompiledModel(stored, new Map(texts.flat()), load);
}
