import { basename } from 'node:path';
import { JobError } from '../errors.ts';
import { adapterLimits, findAdapter, optionalFeatures } from './acquire.ts';
import { adapterVariable, type DeviceChoice, environmentChoice } from './choice.ts';
import { type CpuFacts, cpuFacts } from './cpu.ts';
import { openAdapter, releaseGpu } from './dawn.ts';
import { oldestMesa, whyNotInstallable } from './install-lavapipe.ts';
import { type AdapterKind, adapterKind, describeAdapter } from './kind.ts';
import { unpackSwiftShader, whyNoSwiftShader } from './swiftshader.ts';
import { installedDrivers, mesaVersion, type VulkanDriver, visibleDrivers } from './vulkan-drivers.ts';

/** A software Vulkan driver, and the adapter that Dawn makes of it. */
export type SoftwareReport = {
  readonly manifest: string;
  readonly origin: 'installed' | 'npm';
  /** Version of Mesa, of lavapipe only. */
  readonly mesa: string | null;
  /** One line about the adapter; null if Dawn refuses the driver. */
  readonly adapter: string | null;
};

export type ChosenAdapter = {
  readonly kind: AdapterKind;
  readonly description: string;
  /** Of the features that archc uses, those that the adapter has. */
  readonly features: readonly string[];
  /** Lanes of a subgroup, smallest and largest; null without subgroups. */
  readonly subgroupSize: readonly [number, number] | null;
  /** The limits that decide over kernels and network sizes; sizes in bytes. */
  readonly limits: Readonly<Record<string, number>>;
};

/** Something that is missing, and what changes that. */
export type Advice = { readonly problem: string; readonly fix: string };

/** The state of the machine as far as running kernels in Node goes; plain data. */
export type DoctorReport = {
  readonly platform: string;
  readonly node: string;
  readonly choice: DeviceChoice;
  /** What runs kernels without WebGPU. */
  readonly cpu: CpuFacts;
  /** What commands run on where nothing else is asked for. */
  readonly device: 'cpu' | 'webgpu';
  /** One line about the GPU that Dawn found, if any. */
  readonly gpu: string | null;
  /** Manifests of the installed Vulkan drivers for GPUs, whether or not such a GPU is there. */
  readonly gpuDrivers: readonly string[];
  readonly software: readonly SoftwareReport[];
  /** What WebGPU runs on, with `--backend webgpu` in any case. */
  readonly chosen: ChosenAdapter | null;
  readonly advice: readonly Advice[];
};

const limitsThatMatter = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'minStorageBufferOffsetAlignment',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
];

/**
 * Looks for a GPU, at every software Vulkan driver, and at the adapter that would be chosen. Installs nothing;
 * unpacks SwiftShader to the cache if it is not there yet.
 *
 * @throws InputError `bad-adapter` if `ARCHC_ADAPTER` holds something else than a choice.
 */
export async function inspect(choice: DeviceChoice = environmentChoice()): Promise<DoctorReport> {
  const advice: Advice[] = [];
  const advise = (error: unknown): void => {
    if (!(error instanceof JobError)) throw error;
    advice.push({ problem: error.message, fix: error.hint ?? '' });
  };
  const installed = [...visibleDrivers(), ...installedDrivers()];
  const drivers = [...new Map(installed.map((driver) => [driver.manifest, driver])).values()];
  const software = await inspectSoftware(drivers, advise);
  for (const { mesa, adapter } of software)
    if (mesa !== null && adapter === null)
      advice.push({
        problem: `Dawn refuses the installed lavapipe of Mesa ${mesa}; it takes Mesa ${oldestMesa} or newer`,
        fix: installFix(),
      });

  let gpu: string | null = null;
  let chosen: ChosenAdapter | null = null;
  try {
    const best = await openAdapter();
    if (best && adapterKind(best.adapter.info) === 'gpu') gpu = describeAdapter(best.adapter.info);
    if (best) releaseGpu(best.gpu);
    const found = await findAdapter(choice === 'cpu' ? 'auto' : choice);
    chosen = chosenAdapter(found.adapter);
    releaseGpu(found.gpu);
  } catch (error) {
    advise(error);
  }
  if (chosen?.kind === 'swiftshader' && choice === 'auto' && !software.some(({ mesa }) => mesa !== null))
    advice.push({
      problem: 'SwiftShader is in use, as lavapipe is not installed; lavapipe has f16 and larger workgroups',
      fix: installFix(),
    });
  return {
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    choice,
    cpu: cpuFacts(),
    device: choice === 'cpu' || (choice === 'auto' && gpu === null) ? 'cpu' : 'webgpu',
    gpu,
    gpuDrivers: drivers.filter(({ kind }) => kind === 'hardware').map(({ manifest }) => manifest),
    software,
    chosen,
    advice,
  };
}

/** How to get a lavapipe that Dawn takes. */
function installFix(): string {
  const obstacle = whyNotInstallable();
  const own = `install Mesa ${oldestMesa} or newer with its Vulkan drivers`;
  return obstacle
    ? `${own} (npm test does not: ${obstacle})`
    : `${own}; npm test in a checkout of archc does`;
}

async function inspectSoftware(
  drivers: readonly VulkanDriver[],
  advise: (error: unknown) => void,
): Promise<SoftwareReport[]> {
  const reports: SoftwareReport[] = [];
  const report = async (manifest: string, origin: SoftwareReport['origin'], mesa: string | null) => {
    const open = await openAdapter([manifest]);
    reports.push({ manifest, origin, mesa, adapter: open ? describeAdapter(open.adapter.info) : null });
    if (open) releaseGpu(open.gpu);
  };
  try {
    // Drivers for GPUs are not asked one by one: the loader prints errors for each whose GPU is not there.
    for (const driver of drivers.filter(({ kind }) => kind !== 'hardware')) {
      const mesa = driver.kind === 'lavapipe' ? mesaVersion(driver) : undefined;
      await report(driver.manifest, 'installed', mesa ?? null);
    }
    if (!whyNoSwiftShader()) await report((await unpackSwiftShader()).manifest, 'npm', null);
  } catch (error) {
    advise(error);
  }
  return reports;
}

function chosenAdapter(adapter: GPUAdapter): ChosenAdapter {
  const { info } = adapter;
  const { subgroupMinSize: min, subgroupMaxSize: max } = info;
  const all = adapterLimits(adapter);
  return {
    kind: adapterKind(info),
    description: describeAdapter(info),
    features: optionalFeatures.filter((feature) => adapter.features.has(feature)),
    subgroupSize:
      min !== undefined && max !== undefined && adapter.features.has('subgroups') ? [min, max] : null,
    limits: Object.fromEntries(limitsThatMatter.map((name) => [name, all[name]])),
  };
}

/** The report as text for a terminal. */
export function formatDoctor(report: DoctorReport): string {
  const lines = [`platform  ${report.platform}, Node ${report.node}`];
  lines.push(
    `choice    ${report.choice} (set ${adapterVariable} to auto, cpu, gpu, lavapipe or swiftshader)`,
    '',
  );
  lines.push(`device    ${report.device === 'cpu' ? 'the CPU' : 'the adapter below'}`);
  lines.push(`CPU       ${cpuText(report.cpu)}`);
  lines.push(`GPU       ${report.gpu ?? 'none found'}`);
  lines.push(
    `  drivers: ${report.gpuDrivers.map((path) => basename(path, '.json')).join(', ') || 'none found'}`,
  );
  lines.push('software Vulkan');
  for (const { manifest, origin, mesa, adapter } of report.software) {
    const state = adapter ?? `refused by Dawn${mesa === null ? '' : ` (Mesa ${mesa})`}`;
    lines.push(
      `  ${adapter ? '+' : '-'} ${state}`,
      `    ${manifest}${origin === 'npm' ? ' (out of npm)' : ''}`,
    );
  }
  if (report.software.length === 0) lines.push('  none found');
  lines.push('');
  if (report.chosen) {
    const { kind, description, features, subgroupSize, limits } = report.chosen;
    lines.push(`adapter   ${description} [${kind}]`);
    const lanes = subgroupSize ? `, ${[...new Set(subgroupSize)].join('-')} lanes a subgroup` : '';
    lines.push(`features  ${features.join(', ') || 'none of those that archc uses'}${lanes}`, 'limits');
    for (const [name, value] of Object.entries(limits))
      lines.push(`  ${name.padEnd(34)}${formatLimit(name, value)}`);
  } else lines.push('adapter   none');
  for (const { problem, fix } of report.advice) lines.push('', `! ${problem}`, `  = try: ${fix}`);
  return lines.join('\n') + '\n';
}

/** `2 threads, SIMD, relaxed SIMD, shared memory, addresses of 64 bits` */
function cpuText({ threads, simd, relaxedSimd, sharedMemory, memory64 }: CpuFacts): string {
  if (!simd) return 'cannot be used: WebAssembly has no SIMD here';
  const parts = [
    'SIMD',
    relaxedSimd && 'relaxed SIMD',
    sharedMemory && 'shared memory',
    memory64 ? 'addresses of 64 bits' : 'addresses of 32 bits (programs up to 4 GiB)',
  ].filter((part) => part);
  return [`${threads} thread${threads === 1 ? '' : 's'}`, ...parts].join(', ');
}

/** Byte sizes in binary units where they come out even. */
function formatLimit(name: string, value: number): string {
  if (!/Size$/.test(name)) return String(value);
  for (const [unit, size] of [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const)
    if (value >= size && value % size === 0) return `${value / size} ${unit}`;
  return `${value} bytes`;
}
