import { JobError } from '../errors.ts';
import { type AdapterChoice, adapterVariable, environmentAdapter } from './choice.ts';
import { type OpenAdapter, openAdapter, releaseGpu } from './dawn.ts';
import { mayHaveGpu } from './gpu-devices.ts';
import { oldestMesa } from './install-lavapipe.ts';
import { type AdapterKind, adapterKind, describeAdapter } from './kind.ts';
import { howToInstall } from './npm-chromium.ts';
import { unpackSwiftShader, whyNoSwiftShader } from './swiftshader.ts';
import { installedDrivers, visibleDrivers } from './vulkan-drivers.ts';

export type AcquireOptions = {
  /** Default: what `ARCHC_ADAPTER` says, else `auto`. */
  readonly adapter?: AdapterChoice;
  /** `default`: none beyond those that every WebGPU implementation offers. Left out: all that the adapter has. */
  readonly limits?: 'adapter' | 'default';
};

export type AcquiredDevice = {
  readonly device: GPUDevice;
  readonly adapter: GPUAdapter;
  readonly gpu: GPU;
  readonly kind: AdapterKind;
  /** One line for people, e.g. `llvmpipe (LLVM 19.1.7) · lavapipe, Mesa 25.0.7`. */
  readonly description: string;
  /** Frees the device and lets go of Dawn; further calls do nothing. */
  destroy(): void;
};

/** Features that make kernels faster or measurable; requested where the adapter has them. */
export const optionalFeatures: readonly GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query'];

/** One place to look for an adapter; resolves to an adapter or to why there is none. */
type Attempt = () => Promise<OpenAdapter | string>;

const installed: Attempt = async () => {
  const found = await openAdapter();
  if (found) return found;
  const drivers = visibleDrivers().map((driver) => driver.manifest);
  return drivers.length === 0
    ? 'no driver: none is installed'
    : `Dawn accepts none of the installed drivers (${drivers.join(', ')})`;
};

const gpu: Attempt = async () => {
  const found = await openAdapter();
  if (!found) return 'no GPU with a driver that Dawn accepts';
  if (adapterKind(found.adapter.info) === 'gpu') return found;
  releaseGpu(found.gpu);
  return `no GPU: the best adapter here is ${describeAdapter(found.adapter.info)}, which runs on the CPU`;
};

const lavapipe: Attempt = async () => {
  const drivers = [...visibleDrivers(), ...installedDrivers()].filter((driver) => driver.kind === 'lavapipe');
  if (drivers.length === 0) return 'lavapipe is not installed';
  return (
    (await openAdapter(drivers.map((driver) => driver.manifest))) ??
    `Dawn does not accept the installed lavapipe (${drivers[0].manifest}); it needs Mesa 23 or newer`
  );
};

const swiftshader: Attempt = async () => {
  const obstacle = whyNoSwiftShader();
  if (obstacle) return obstacle;
  const { manifest } = await unpackSwiftShader();
  return (await openAdapter([manifest])) ?? `Dawn does not accept SwiftShader (${manifest})`;
};

const attempts: Readonly<Record<AdapterChoice, readonly Attempt[]>> = {
  auto: [installed, swiftshader],
  gpu: [gpu],
  lavapipe: [lavapipe],
  swiftshader: [swiftshader],
};

const ownDriver =
  process.platform === 'linux'
    ? `install a Vulkan driver (a software one on Debian and Ubuntu: apt-get install mesa-vulkan-drivers, of Mesa ${oldestMesa} or newer)`
    : 'install a driver for the GPU';

/** What to do when there is no adapter, as a phrase. */
const hints: Readonly<Record<AdapterChoice, string>> = {
  auto: `${ownDriver}${whyNoSwiftShader() ? '' : `, or SwiftShader: ${howToInstall}`}; the CPU needs none (--backend cpu); archc doctor shows what is missing`,
  gpu: `install the GPU's Vulkan driver, or unset ${adapterVariable} to take the CPU`,
  lavapipe: `${ownDriver}, or set ${adapterVariable}=swiftshader`,
  swiftshader: whyNoSwiftShader()
    ? `unset ${adapterVariable}`
    : `${howToInstall}, or unset ${adapterVariable}`,
};

/**
 * Looks for the chosen adapter without making a device.
 *
 * @throws JobError `no-adapter` with a reason for every place that was tried, and what to do.
 */
export async function findAdapter(choice: AdapterChoice): Promise<OpenAdapter> {
  const reasons: string[] = [];
  for (const attempt of attempts[choice]) {
    try {
      const found = await attempt();
      if (typeof found !== 'string') return found;
      reasons.push(found);
    } catch (error) {
      if (!(error instanceof JobError)) throw error;
      reasons.push(error.message);
    }
  }
  const asked = choice === 'auto' ? '' : ` of kind "${choice}"`;
  throw new JobError('no-adapter', `no WebGPU adapter${asked}: ${reasons.join('; ')}`, hints[choice]);
}

/**
 * Opens a device with all that its adapter offers: the adapter's own limits, unless WebGPU's default ones are
 * asked for, and {@link optionalFeatures}.
 * Also defines WebGPU's constants (`GPUBufferUsage`, ...) as globals, as in browsers.
 *
 * @throws JobError `no-adapter`; InputError `bad-adapter` if `ARCHC_ADAPTER` holds something else than a choice.
 */
export async function acquireDevice(options: AcquireOptions = {}): Promise<AcquiredDevice> {
  return openDevice(await findAdapter(options.adapter ?? environmentAdapter()), options.limits);
}

/**
 * The GPU, where there is one that Dawn accepts. Dawn is not loaded where there can be none.
 *
 * @throws JobError `no-adapter` where it gives no device
 */
export async function acquireGpu(): Promise<AcquiredDevice | undefined> {
  if (!mayHaveGpu()) return undefined;
  let found: OpenAdapter;
  try {
    found = await findAdapter('gpu');
  } catch (error) {
    if (error instanceof JobError) return undefined;
    throw error;
  }
  return openDevice(found);
}

async function openDevice(
  { adapter, gpu }: OpenAdapter,
  limits: AcquireOptions['limits'] = 'adapter',
): Promise<AcquiredDevice> {
  const description = describeAdapter(adapter.info);
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({
      requiredFeatures: optionalFeatures.filter((feature) => adapter.features.has(feature)),
      ...(limits === 'default' ? {} : { requiredLimits: adapterLimits(adapter) }),
    });
  } catch (error) {
    releaseGpu(gpu);
    throw new JobError(
      'no-adapter',
      `${description} gives no device: ${(error as Error).message}`,
      hints.auto,
    );
  }

  let destroyed = false;
  const destroy = (): void => {
    if (destroyed) return;
    destroyed = true;
    device.destroy();
    releaseGpu(gpu);
  };
  return { device, adapter, gpu, kind: adapterKind(adapter.info), description, destroy };
}

/** The adapter's limits by name. They are getters of the prototype, so no spread and no `Object.keys` finds them. */
export function adapterLimits(adapter: GPUAdapter): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const value = adapter.limits[name as keyof GPUSupportedLimits];
    if (typeof value === 'number') limits[name] = value;
  }
  return limits;
}
