import { RuntimeError, type RuntimeErrorCode } from '../runtime-error.ts';

/** WebGPU's error scopes, outermost first, and what an error caught by each is called. */
const scopes: readonly (readonly [GPUErrorFilter, RuntimeErrorCode])[] = [
  ['internal', 'device-internal'],
  ['validation', 'device-validation'],
  ['out-of-memory', 'out-of-memory'],
];

const verbs: Partial<Record<RuntimeErrorCode, string>> = {
  'out-of-memory': 'the device has no memory for',
  'device-validation': 'the device refuses',
  'device-internal': 'the device fails at',
};

/** What `work` gave, and once the device has looked at its commands, what was wrong with them. */
export interface Scoped<T> {
  readonly value: T;
  /** Never rejects. */
  readonly error: Promise<RuntimeError | undefined>;
}

/**
 * Catches the errors of all commands that `work` gives to the device. The scopes are a stack of the device, so
 * `work` must not wait for anything.
 *
 * @param what the commands, for messages: `buffer 3 of 12`
 */
export function scoped<T>(device: GPUDevice, what: string, work: () => T): Scoped<T> {
  for (const [filter] of scopes) device.pushErrorScope(filter);
  let value: T;
  try {
    value = work();
  } catch (error) {
    popScopes(device, what);
    if (error instanceof RuntimeError) throw error;
    // A value that WebGPU's own types exclude, such as a negative size.
    throw faultOf('device-validation', what, (error as Error).message);
  }
  return { value, error: popScopes(device, what) };
}

async function popScopes(device: GPUDevice, what: string): Promise<RuntimeError | undefined> {
  const found = [...scopes].reverse().map(([, code]) =>
    device.popErrorScope().then(
      (error) => error && faultOf(code, what, error.message),
      // A lost device may give no answer; the loss is noted by itself.
      () => undefined,
    ),
  );
  return (await Promise.all(found)).find((error) => error) ?? undefined;
}

function faultOf(code: RuntimeErrorCode, what: string, message: string): RuntimeError {
  const [first] = message.trim().split('\n');
  return new RuntimeError(code, `${verbs[code]} ${what}${first ? `: ${first}` : ''}`);
}

/** What befell a device outside of every scope. */
export interface DeviceHealth {
  lost: RuntimeError | undefined;
  /** The first error that no scope caught. */
  uncaptured: RuntimeError | undefined;
}

const watched = new WeakMap<GPUDevice, DeviceHealth>();

/** Notes from now on what befalls a device, so that whoever waits for results is told. */
export function healthOf(device: GPUDevice): DeviceHealth {
  const known = watched.get(device);
  if (known) return known;
  const health: DeviceHealth = { lost: undefined, uncaptured: undefined };
  watched.set(device, health);
  device.lost.then(({ reason, message }) => {
    health.lost = new RuntimeError('device-lost', `the device was lost (${reason}): ${message}`);
  });
  device.addEventListener('uncapturederror', (event) => {
    event.preventDefault();
    health.uncaptured ??= faultOf('device-internal', 'a command', event.error.message);
  });
  return health;
}

/** Lets the loss of the device, which is told by an event of its own, become known. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
