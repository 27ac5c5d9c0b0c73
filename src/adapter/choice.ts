import { InputError } from '../errors.ts';

/** A WebGPU adapter; `auto`: a GPU, else a software Vulkan that is installed, else SwiftShader from npm. */
export type AdapterChoice = 'auto' | 'gpu' | 'lavapipe' | 'swiftshader';

/** What runs kernels: the processor itself, without WebGPU, or an adapter. */
export type DeviceChoice = 'cpu' | AdapterChoice;

const choices: readonly DeviceChoice[] = ['auto', 'cpu', 'gpu', 'lavapipe', 'swiftshader'];

/** The environment variable that overrides the choice. */
export const adapterVariable = 'ARCHC_ADAPTER';

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws InputError `bad-adapter` if `text` is no choice. */
export function parseDeviceChoice(text: string, source: string): DeviceChoice {
  const choice = choices.find((name) => name === text.trim().toLowerCase());
  if (choice === undefined)
    throw new InputError('bad-adapter', `${source} is "${text}"`, `one of ${choices.join(', ')}`);
  return choice;
}

/** The choice that the environment makes; `auto` if none. Throws as {@link parseDeviceChoice}. */
export function environmentChoice(env: Environment = process.env): DeviceChoice {
  const text = env[adapterVariable];
  return text ? parseDeviceChoice(text, adapterVariable) : 'auto';
}

/**
 * The same for who needs WebGPU.
 *
 * @throws InputError `bad-adapter` if it is none, or the CPU without WebGPU
 */
export function environmentAdapter(env: Environment = process.env): AdapterChoice {
  const choice = environmentChoice(env);
  if (choice !== 'cpu') return choice;
  throw new InputError(
    'bad-adapter',
    `${adapterVariable} is "cpu", which is no adapter of WebGPU`,
    `unset ${adapterVariable}, or one of ${choices.filter((name) => name !== 'cpu').join(', ')}`,
  );
}
