import type { Facts, TensorType } from '../program/facts.ts';
import type { Program } from '../program/program.ts';
import { digested, type StoredProgram } from '../program/stored.ts';
import { checkBounds } from './check-bounds.ts';
import { parseDocument, readProgram } from './parse-program.ts';
import { checkDigest, type Load, loadChecked, loaderOf, type ProgramFiles, textOf } from './program-files.ts';
import { RunningModel, type StartOptions } from './running-model.ts';
import { RuntimeError } from './runtime-error.ts';
import type { OpenSession } from './session.ts';
import { checkOffers } from './webgpu/limits.ts';
import { WebgpuSession } from './webgpu/session.ts';
import { parseWeights } from './weights.ts';

const WEIGHTS = 'weights.safetensors';
/** `program.json` of the largest networks has a few of these, in bytes. */
const MAX_JSON = 64 * 2 ** 20;

/** A program that `archc compile` wrote, read and checked; nothing of it is on a device yet. */
export class CompiledModel {
  readonly program: Program;
  /** What `predict` takes, at the program's batch. */
  readonly inputs: readonly TensorType[];
  /** What `predict` gives, finest first. */
  readonly outputs: readonly TensorType[];
  private readonly stored: StoredProgram;
  private readonly load: Load;

  /** See {@link openProgram}. */
  constructor(stored: StoredProgram, texts: readonly string[], load: Load) {
    const kernels = stored.kernels.map(({ name, bindings, hasUniforms }, i) => ({
      ...{ name, bindings, hasUniforms, wgsl: texts[i] },
    }));
    const { weights: _, facts: __, sha256: ___, ...rest } = stored;
    this.program = { ...rest, kernels };
    this.inputs = stored.facts.inputs;
    this.outputs = stored.entries['forward'].outputs.map(({ name, dtype, shape }) => ({
      name,
      dtype,
      shape,
    }));
    this.stored = stored;
    this.load = load;
  }

  /** What it was compiled from; `training` is absent where the program is for inference only. */
  get facts(): Facts {
    return this.stored.facts;
  }

  /** Parameters and buffers, by their `state_dict` keys. */
  get weights(): readonly TensorType[] {
    const { tensors, facts } = this.stored;
    const own = tensors.filter(({ kind }) => kind === 'param' || kind === 'buffer');
    return [...own.map(({ name, dtype, shape }) => ({ name, dtype, shape })), ...facts.unread];
  }

  /**
   * A device with the limits and features that the program needs.
   *
   * @param gpu in browsers `navigator.gpu`, which is taken where none is given; in Node what `create([])` of the npm
   *   package `webgpu` returns, which must be kept as long as the device is used
   * @throws RuntimeError `no-adapter`; `adapter-limits`, `adapter-features` where the adapter offers less
   */
  async requestDevice(gpu?: GPU): Promise<GPUDevice> {
    const own = gpu ?? (globalThis as { readonly navigator?: Partial<NavigatorGPU> }).navigator?.gpu;
    if (!own) throw new RuntimeError('no-adapter', 'there is no WebGPU here: `navigator.gpu` is missing');
    const adapter = await own.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) throw new RuntimeError('no-adapter', 'WebGPU finds no adapter');
    checkOffers(adapter, this.program.requires);
    const { features, ...limits } = this.program.requires;
    return adapter.requestDevice({ requiredFeatures: features, requiredLimits: limits });
  }

  /**
   * Makes the model ready on a device, with the weights of its folder or those that are given.
   *
   * @param device of WebGPU, or what opens a session on another one
   * @throws RuntimeError `bad-weights`, `program-file` before anything is on the device; and as
   *   {@link WebgpuSession.create}
   */
  async start(device: GPUDevice | OpenSession, options: StartOptions = {}): Promise<RunningModel> {
    const given = options.weights;
    const bytes = given ?? (await loadChecked(this.load, WEIGHTS, this.stored.weights));
    const weights = parseWeights(bytes, this.weights, given ? 'the weights' : WEIGHTS);
    const open = typeof device === 'function' ? device : openOn(device);
    const session = await open(this.program);
    return new RunningModel(this, session, weights, options);
  }
}

function openOn(device: GPUDevice): OpenSession {
  return (program) => WebgpuSession.create(device, program);
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
  const texts = await Promise.all(
    stored.kernels.map(async (kernel) => {
      const file = `kernels/${kernel.name}.wgsl`;
      return textOf(file, await loadChecked(load, file, kernel));
    }),
  );
  return new CompiledModel(stored, texts, load);
}
