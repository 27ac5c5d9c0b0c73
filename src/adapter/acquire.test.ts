import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { acquireDevice } from './acquire.ts';
import { environmentAdapter, environmentChoice } from './choice.ts';
import { unpackSwiftShader, whyNoSwiftShader } from './swiftshader.ts';
import { installedDrivers } from './vulkan-drivers.ts';

const root = join(import.meta.dirname, '../..');
const empty = mkdtempSync(join(tmpdir(), 'archc-empty-'));
afterAll(() => rmSync(empty, { recursive: true }));

type Ended = { code: number | null; out: string; err: string };

/** Runs tests/adapter/square.ts in a process of its own, as drivers are chosen by the environment. */
function square(env: Record<string, string>): Promise<Ended> {
  const args = ['--import', 'tsx', 'tests/adapter/square.ts'];
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      args,
      { cwd: root, env: { ...process.env, ...env } },
      (_, out, err) => resolve({ code: child.exitCode, out, err }),
    );
  });
}

const squares = Array.from({ length: 1000 }, (_, i) => i * i);
const hasLavapipe = installedDrivers().some((driver) => driver.kind === 'lavapipe');

describe('acquireDevice', () => {
  it.each([
    ['lavapipe', hasLavapipe],
    ['swiftshader', !whyNoSwiftShader()],
  ])('runs a shader on %s, or says that it is not there', async (adapter, there) => {
    const { code, out, err } = await square({ ARCHC_ADAPTER: adapter });
    if (there) {
      expect(err).not.toMatch(/Error:/);
      expect(code).toBe(0);
      const result = JSON.parse(out);
      expect(result.kind).toBe(adapter);
      expect(result.values).toEqual(squares);
      expect(result.deviceLimit).toBe(result.adapterLimit);
    } else {
      expect(code).toBe(1);
      expect(err).toMatch(new RegExp(`no WebGPU adapter of kind "${adapter}"`));
    }
  });

  it('takes some adapter when nothing is asked for', async () => {
    const { code, out, err } = await square({ ARCHC_ADAPTER: '' });
    expect(code, err).toBe(0);
    expect(JSON.parse(out).values).toEqual(squares);
  });

  it.runIf(process.platform === 'linux' && process.arch === 'x64')(
    'falls back to SwiftShader where no driver is installed',
    async () => {
      const nothing = {
        XDG_DATA_DIRS: empty,
        XDG_DATA_HOME: empty,
        XDG_CONFIG_HOME: empty,
        XDG_CONFIG_DIRS: empty,
      };
      const { code, out, err } = await square({ ...nothing, ARCHC_ADAPTER: 'auto' });
      expect(code, err).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ kind: 'swiftshader', values: squares });
    },
  );

  it.runIf(process.platform === 'linux' && process.arch === 'x64')(
    'ends with what to do if the only adapter runs on the CPU and a GPU is asked for',
    async () => {
      const { manifest } = await unpackSwiftShader();
      const { code, out, err } = await square({ ARCHC_ADAPTER: 'gpu', VK_DRIVER_FILES: manifest });
      expect(code).toBe(1);
      expect(out).toBe('');
      expect(err).toMatch(/no WebGPU adapter of kind "gpu": no GPU: the best adapter here is SwiftShader/);
      expect(err).toMatch(/code: 'no-adapter'/);
      expect(err).toMatch(/unset ARCHC_ADAPTER/);
    },
  );

  it('refuses an unknown choice', async () => {
    expect(() => environmentChoice({ ARCHC_ADAPTER: 'cuda' })).toThrow(/ARCHC_ADAPTER is "cuda"/);
    expect(environmentChoice({})).toBe('auto');
    expect(environmentChoice({ ARCHC_ADAPTER: 'Lavapipe' })).toBe('lavapipe');
    expect(environmentChoice({ ARCHC_ADAPTER: 'cpu' })).toBe('cpu');
    expect(() => environmentAdapter({ ARCHC_ADAPTER: 'cpu' })).toThrow(/no adapter of WebGPU/);
  });

  it('leaves the environment as it was; a device may be destroyed twice', async () => {
    const before = process.env['VK_DRIVER_FILES'];
    const { device, destroy } = await acquireDevice();
    expect(process.env['VK_DRIVER_FILES']).toBe(before);
    destroy();
    destroy();
    expect((await device.lost).reason).toBe('destroyed');
  });
});
