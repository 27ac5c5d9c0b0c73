import { afterEach, beforeEach, expect, test } from 'vitest';
import { adapterVariable } from '../adapter/choice.ts';
import { type KernelDeviceOptions, placeOf } from './device-options.ts';

const before = process.env[adapterVariable];
const environment = (choice: string | undefined) => {
  if (choice === undefined) delete process.env[adapterVariable];
  else process.env[adapterVariable] = choice;
};
beforeEach(() => environment(undefined));
afterEach(() => environment(before));

const adapter = (name: string) => ({ adapter: name });
const places: readonly [
  what: string,
  KernelDeviceOptions,
  environment: string | undefined,
  place: unknown,
][] = [
  ['nothing', {}, undefined, 'auto'],
  ['nothing but the environment', {}, 'cpu', 'cpu'],
  ['nothing but another environment', {}, 'lavapipe', adapter('lavapipe')],
  ['auto', { backend: 'auto' }, undefined, 'auto'],
  ['auto in an environment', { backend: 'auto' }, 'gpu', adapter('gpu')],
  ['an adapter', { adapter: 'SwiftShader' }, 'cpu', adapter('swiftshader')],
  ['any adapter', { adapter: 'auto' }, 'lavapipe', 'auto'],
  ['the CPU as an adapter', { adapter: 'cpu' }, 'lavapipe', 'cpu'],
  ['the CPU', { backend: 'cpu' }, 'lavapipe', 'cpu'],
  ['the CPU twice', { backend: 'cpu', adapter: 'cpu' }, undefined, 'cpu'],
  ['WebGPU', { backend: 'webgpu' }, undefined, adapter('auto')],
  ['WebGPU in an environment', { backend: 'webgpu' }, 'lavapipe', adapter('lavapipe')],
  ['WebGPU and an adapter', { backend: 'webgpu', adapter: 'gpu' }, 'lavapipe', adapter('gpu')],
  ['threads', { threads: 2 }, undefined, 'cpu'],
  ['the same bits', { deterministic: true }, undefined, 'cpu'],
  ['threads of the CPU', { backend: 'cpu', threads: 2 }, 'gpu', 'cpu'],
];

test.each(places)('%s', (_what, options, choice, place) => {
  environment(choice);
  expect(placeOf(options)).toEqual(place);
});

const refused: readonly [
  what: string,
  KernelDeviceOptions,
  environment: string | undefined,
  code: string,
  message: RegExp,
][] = [
  ['an unknown adapter', { adapter: 'cuda' }, undefined, 'bad-adapter', /--adapter is "cuda"/],
  ['an unknown environment', {}, 'cuda', 'bad-adapter', /ARCHC_ADAPTER is "cuda"/],
  [
    'an adapter of the CPU',
    { backend: 'cpu', adapter: 'gpu' },
    undefined,
    'bad-adapter',
    /--adapter gpu is WebGPU's/,
  ],
  [
    'the CPU as an adapter of WebGPU',
    { backend: 'webgpu', adapter: 'cpu' },
    undefined,
    'bad-adapter',
    /--adapter cpu/,
  ],
  ['the same by the environment', { backend: 'webgpu' }, 'cpu', 'bad-adapter', /ARCHC_ADAPTER is "cpu"/],
  [
    'threads of WebGPU',
    { backend: 'webgpu', threads: 2 },
    undefined,
    'bad-value',
    /--threads is about kernels on the CPU, and WebGPU was/,
  ],
  [
    'the same bits on WebGPU',
    { backend: 'webgpu', deterministic: true },
    undefined,
    'bad-value',
    /--deterministic is about/,
  ],
  [
    'threads of an adapter',
    { adapter: 'lavapipe', threads: 2 },
    undefined,
    'bad-value',
    /the adapter lavapipe was chosen/,
  ],
  [
    'the same bits in an environment',
    { deterministic: true },
    'gpu',
    'bad-value',
    /the adapter gpu was chosen/,
  ],
];

test.each(refused)('%s is refused', (_what, options, choice, code, message) => {
  environment(choice);
  expect(() => placeOf(options)).toThrow(
    expect.objectContaining({
      name: 'InputError',
      code,
      message: expect.stringMatching(message),
      hint: expect.any(String),
    }),
  );
});
