import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { JobError } from '../errors.ts';
import { unpackSwiftShader, whyNoSwiftShader } from './swiftshader.ts';

/**
 * Objects that Dawn's `create` returned and whose adapters may be in use. Dawn lives as long as they do: if one
 * were collected while a device works, the process would end without a word.
 */
const alive = new Set<GPU>();

/** An adapter, and the `GPU` to be released when it is no longer used. */
export type OpenAdapter = { readonly adapter: GPUAdapter; readonly gpu: GPU };

/** How long Dawn may still look for events of an instance after its device was destroyed, in ms; a turn, in fact. */
const LAST_EVENTS = 1000;

/** Lets go of an instance, once the events that Dawn has scheduled on it are through: it does not hold it for them. */
export function releaseGpu(gpu: GPU): void {
  setTimeout(() => alive.delete(gpu), LAST_EVENTS).unref();
}

let turn: Promise<unknown> = Promise.resolve();

/**
 * Asks Dawn for an adapter among the drivers of the given manifests, or among all that the environment offers if
 * there are none given. Null if Dawn finds none that it accepts.
 *
 * The Vulkan loader reads `VK_DRIVER_FILES` whenever Dawn makes an instance, so it is set for as long as that
 * takes; Node writes `process.env` through to the C environment, though in the main thread only.
 */
export function openAdapter(manifests?: readonly string[]): Promise<OpenAdapter | null> {
  const result = turn.then(() => openInTurn(manifests));
  turn = result.catch(() => undefined);
  return result;
}

async function openInTurn(manifests: readonly string[] | undefined): Promise<OpenAdapter | null> {
  const { create, globals } = await loadDawn();
  const before = process.env['VK_DRIVER_FILES'];
  if (manifests) {
    if (!isMainThread)
      throw new JobError(
        'no-adapter',
        'a Vulkan driver can be chosen only in the main thread of a process',
        'acquire the device in the main thread, or in a child process',
      );
    process.env['VK_DRIVER_FILES'] = manifests.join(':');
  }
  try {
    if (process.platform === 'linux') await ensureVulkanLoader();
    for (const [name, value] of Object.entries(globals)) if (!(name in globalThis)) define(name, value);
    // On Linux Dawn may not fall back to OpenGL, which has no core feature level.
    const gpu = create(process.platform === 'linux' ? ['backend=vulkan'] : []);
    alive.add(gpu);
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter) return { adapter, gpu };
    alive.delete(gpu);
    return null;
  } finally {
    if (manifests) {
      if (before === undefined) delete process.env['VK_DRIVER_FILES'];
      else process.env['VK_DRIVER_FILES'] = before;
    }
  }
}

/** GPUBufferUsage and its like are globals in browsers, so code for both expects them there. */
function define(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

/** Dawn's own module. It is loaded late: merely importing it fails where npm has no binary for the platform. */
async function loadDawn(): Promise<typeof import('webgpu')> {
  try {
    return await import('webgpu');
  } catch (error) {
    throw new JobError(
      'no-adapter',
      `Dawn (npm package webgpu) does not load on ${process.platform} ${process.arch}: ${(error as Error).message.split('\n')[0]}`,
      'install the package `webgpu` again; Dawn is made for Linux (glibc) and Windows on x64 and arm64, and for macOS',
    );
  }
}

/** glibc's `RTLD_NODELETE` (dlfcn.h); Node has no constant for it. */
const RTLD_NODELETE = 0x1000;

let loaderIsLoaded = false;

/**
 * Makes sure that Dawn finds a Vulkan loader. Dawn opens `libvulkan.so.1` by name; where the system has none, the
 * one that comes with SwiftShader is loaded beforehand, and the dynamic linker then answers Dawn's request by the
 * library's soname. That way nothing is written outside the cache and no environment variable is needed at start.
 */
async function ensureVulkanLoader(): Promise<void> {
  if (loaderIsLoaded || loadLibrary('libvulkan.so.1')) {
    loaderIsLoaded = true;
    return;
  }
  if (whyNoSwiftShader()) return;
  try {
    const { loader } = await unpackSwiftShader();
    loaderIsLoaded = loadLibrary(loader);
  } catch (error) {
    // Without a loader Dawn finds no adapter, which is said with all that was tried.
    if (!(error instanceof JobError)) throw error;
  }
}

/** Loads a shared library for good; false if there is none. */
function loadLibrary(path: string): boolean {
  try {
    process.dlopen({ exports: {} }, path, constants.dlopen.RTLD_NOW | RTLD_NODELETE);
    return true;
  } catch (error) {
    // Being no Node add-on it "did not self-register", which is said once it has been loaded.
    return /did not self-register/.test((error as Error).message);
  }
}
