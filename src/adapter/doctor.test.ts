import { describe, expect, it } from 'vitest';
import { type DoctorReport, formatDoctor, inspect } from './doctor.ts';
import { setUp } from './setup.ts';
import { installedDrivers } from './vulkan-drivers.ts';

describe('doctor', () => {
  it('reports this machine as plain data', async () => {
    const report = await inspect('auto');
    expect(report.device).toBe(report.gpu === null ? 'cpu' : 'webgpu');
    expect((await inspect('cpu')).device).toBe('cpu');
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(report.node).toBe(process.version);
    // Every Node that archc runs on has these.
    expect(report.cpu).toMatchObject({ simd: true, relaxedSimd: true, sharedMemory: true });
    expect(report.cpu.threads).toBeGreaterThanOrEqual(1);
    expect(report.chosen?.limits['maxStorageBufferBindingSize']).toBeGreaterThanOrEqual(128 * 2 ** 20);
    const lavapipe = installedDrivers().filter((driver) => driver.kind === 'lavapipe');
    for (const { manifest } of lavapipe) {
      const entry = report.software.find((software) => software.manifest === manifest);
      expect(entry?.mesa).toMatch(/^\d+\.\d+/);
      // What the library says of itself is what its adapter says.
      if (entry?.adapter) expect(entry.adapter).toContain(`Mesa ${/^[\d.]+/.exec(entry.mesa ?? '')?.[0]}`);
    }
    expect(formatDoctor(report)).toContain(report.chosen?.description);
  });

  it('chooses what set-up chooses, in one line', async () => {
    const lines: string[] = [];
    const { kind, description } = await setUp({
      log: (line) => lines.push(line),
      allowInstall: false,
      adapter: 'auto',
    });
    expect((await inspect('auto')).chosen).toMatchObject({ kind, description });
    expect(lines.filter((line) => line.startsWith('adapter: '))).toHaveLength(1);
    expect(lines.at(-1)).toContain(description);
  });

  it('shows what is missing and what to do', () => {
    const report: DoctorReport = {
      platform: 'linux x64',
      node: 'v20.20.0',
      choice: 'gpu',
      device: 'webgpu',
      cpu: { threads: 2, simd: true, relaxedSimd: false, sharedMemory: true, memory64: false },
      gpu: null,
      gpuDrivers: ['/usr/share/vulkan/icd.d/radeon_icd.json'],
      software: [{ manifest: '/m/lvp_icd.json', origin: 'installed', mesa: '22.3.6', adapter: null }],
      chosen: null,
      advice: [{ problem: 'no GPU', fix: 'install one' }],
    };
    expect(formatDoctor(report)).toBe(
      `platform  linux x64, Node v20.20.0
choice    gpu (set ARCHC_ADAPTER to auto, cpu, gpu, lavapipe or swiftshader)

device    the adapter below
CPU       2 threads, SIMD, shared memory, addresses of 32 bits (programs up to 4 GiB)
GPU       none found
  drivers: radeon_icd
software Vulkan
  - refused by Dawn (Mesa 22.3.6)
    /m/lvp_icd.json

adapter   none

! no GPU
  = try: install one
`,
    );
  });
});
