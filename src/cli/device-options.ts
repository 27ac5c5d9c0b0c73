import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { acquireDevice, acquireGpu } from '../adapter/acquire.ts';
import {
  type AdapterChoice,
  adapterVariable,
  environmentAdapter,
  environmentChoice,
  parseDeviceChoice,
} from '../adapter/choice.ts';
import { cacheFolder } from '../adapter/npm-chromium.ts';
import type { Backend, Executable } from '../backend/backend.ts';
import { cpuBackend } from '../backend/cpu.ts';
import { type KernelBackend, KernelExecutable } from '../backend/kernels.ts';
import { referenceBackend } from '../backend/reference.ts';
import { webgpuBackend } from '../backend/webgpu.ts';
import { kernelRenderer } from '../compiler/renderer.ts';
import { InputError } from '../errors.ts';
import { kernelCacheIn } from '../files/kernel-cache.ts';
import type { Precision } from '../ir/storage.ts';
import { ops } from '../ops/index.ts';
import { recomputationText } from '../plan/budget.ts';
import { MOST_THREADS } from '../runtime/wasm/device.ts';
import { bytes, integer } from './options.ts';
import { note } from './terminal.ts';

/** What can run kernels, by the names of `--backend`; `auto`: a GPU, else the CPU. */
const kernelBackends = ['auto', 'cpu', 'webgpu'] as const;

export interface KernelDeviceOptions {
  readonly backend?: (typeof kernelBackends)[number];
  readonly adapter?: string;
  readonly threads?: number;
  readonly deterministic?: boolean;
  readonly memory?: number;
  readonly verify?: boolean;
  /** Of commands that predict. */
  readonly precision?: Precision;
}

export interface BackendOptions extends Omit<KernelDeviceOptions, 'backend'> {
  readonly backend?: KernelDeviceOptions['backend'] | 'reference';
}

/** `--memory <size>`. */
export function withMemory(command: Command): Command {
  return command.option(
    '--memory <size>',
    'device memory that may be taken, e.g. 2GiB: values are computed again where it does not suffice to keep them',
    bytes('--memory'),
  );
}

/** Options of commands that need kernels: which device runs them, and how. */
export function withKernelDevice(command: Command): Command {
  return withDevice(command, kernelBackends, 'auto: a GPU, else the CPU (default)');
}

/** The same of commands that can also do with the reference. */
export function withBackendOptions(command: Command): Command {
  const reference = 'auto: a GPU, else the CPU (default); reference: float64 in plain loops';
  return withDevice(command, [...kernelBackends, 'reference'], reference);
}

function withDevice(command: Command, backends: readonly string[], about: string): Command {
  return withMemory(command)
    .addOption(new Option('--backend <name>', `what runs the network; ${about}`).choices(backends))
    .option(
      '--adapter <name>',
      `cpu, or an adapter of WebGPU: gpu, lavapipe, swiftshader, auto (default: ${adapterVariable}, else auto)`,
    )
    .option(
      '--threads <n>',
      'of the CPU (default: all that there are)',
      integer('--threads', 1, MOST_THREADS),
    )
    .option('--deterministic', 'on the CPU: the same bits on every machine, a little slower');
}

/** @throws InputError `bad-value`, `bad-adapter`; JobError `no-adapter` */
export async function openBackend(options: BackendOptions): Promise<Backend> {
  const { backend, ...others } = options;
  if (backend !== 'reference') return openKernelBackend({ ...others, backend });
  const { precision = 'f32', memory } = options;
  refuseCpuOptions(options, 'the reference');
  if (precision === 'f32' && memory === undefined) return referenceBackend(ops);
  throw new InputError(
    'bad-value',
    `${memory === undefined ? '--precision' : '--memory'} is about kernels: the reference has float64, in plain loops`,
    'leave it out',
  );
}

/** @throws InputError `bad-value`, `bad-adapter`; JobError `no-adapter` */
export async function openKernelBackend(options: KernelDeviceOptions): Promise<KernelBackend> {
  const { precision, memory, verify, deterministic } = options;
  const common = { precision, memory, verify };
  const place = placeOf(options);
  const open =
    place === 'cpu' ? undefined : place === 'auto' ? await acquireGpu() : await acquireDevice(place);
  if (open) return webgpuBackend(ops, kernelRenderer(), open, common);
  const cache = keptKernels();
  return cpuBackend(ops, kernelRenderer(), { ...common, threads: options.threads, deterministic, cache });
}

/** Kernels that were translated for the CPU before. */
export const keptKernels = () => kernelCacheIn(join(cacheFolder(), 'kernels'));

/** Says what an executable computes again. */
export function noteRecomputation(executable: Executable): void {
  if (executable instanceof KernelExecutable && executable.recomputation)
    note(recomputationText(executable.recomputation));
}

/** `auto` is a GPU, else the CPU. */
type Place = 'auto' | 'cpu' | { readonly adapter: AdapterChoice };

/** Where kernels are to run, by options and environment. */
export function placeOf({ backend = 'auto', ...options }: KernelDeviceOptions): Place {
  const { adapter } = options;
  const flag = adapter === undefined ? undefined : parseDeviceChoice(adapter, '--adapter');
  if (backend === 'cpu') {
    if (flag !== undefined && flag !== 'cpu')
      throw new InputError('bad-adapter', `--adapter ${flag} is WebGPU's, --backend is cpu`, 'leave one out');
    return 'cpu';
  }
  if (backend === 'webgpu') {
    if (flag === 'cpu')
      throw new InputError(
        'bad-adapter',
        'the CPU is no adapter of WebGPU: --adapter cpu with --backend webgpu',
        'leave one out',
      );
    refuseCpuOptions(options, 'WebGPU');
    return { adapter: flag ?? environmentAdapter() };
  }
  const choice = flag ?? environmentChoice();
  if (choice === 'cpu') return 'cpu';
  // These are the CPU's, so who gives them has chosen it.
  if (choice === 'auto') return cpuOptionOf(options) === undefined ? 'auto' : 'cpu';
  refuseCpuOptions(options, `the adapter ${choice}`);
  return { adapter: choice };
}

type CpuOptions = Pick<KernelDeviceOptions, 'threads' | 'deterministic'>;

function cpuOptionOf({ threads, deterministic }: CpuOptions): string | undefined {
  return threads !== undefined ? '--threads' : deterministic ? '--deterministic' : undefined;
}

function refuseCpuOptions(options: CpuOptions, device: string): void {
  const given = cpuOptionOf(options);
  if (given === undefined) return;
  throw new InputError(
    'bad-value',
    `${given} is about kernels on the CPU, and ${device} was chosen`,
    '--backend cpu, or leave it out',
  );
}
