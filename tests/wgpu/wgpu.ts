import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { unpackSwiftShader } from '../../src/adapter/swiftshader.ts';
import { installedDrivers, visibleDrivers } from '../../src/adapter/vulkan-drivers.ts';
import type { Job, JobResult, Text } from './job.ts';

/** One process does all jobs of a test file; this is far more than they take. */
const TIME_LIMIT = 20 * 60 * 1000;

/**
 * Does jobs with wgpu, the WebGPU implementation of Firefox, in which naga compiles the kernels: the one in Deno.
 *
 * @returns the results by job
 * @throws Error where Deno does not run or wgpu finds no adapter
 */
export async function runOnWgpu(jobs: ReadonlyMap<string, Job | Text>): Promise<Map<string, JobResult>> {
  const folder = mkdtempSync(join(tmpdir(), 'archc-wgpu-'));
  try {
    const names = [...jobs.keys()];
    names.forEach((name, i) => {
      writeFileSync(join(folder, `${i}.job.json`), JSON.stringify(jobs.get(name)));
    });
    const script = join(folder, 'child.mjs');
    await build({
      entryPoints: [fileURLToPath(new URL('child.ts', import.meta.url))],
      outfile: script,
      bundle: true,
      format: 'esm',
      platform: 'node',
      logLevel: 'error',
    });
    const only = [`--allow-read=${folder}`, `--allow-write=${folder}`];
    const child = spawnSync(
      denoPath(),
      ['run', '--quiet', '--no-config', '--no-prompt', ...only, script, folder],
      {
        encoding: 'utf8',
        timeout: TIME_LIMIT,
        env: {
          ...process.env,
          ...(await softwareVulkan()),
          // Where there is no Vulkan wgpu would take OpenGL.
          ...(process.platform === 'linux' ? { DENO_WEBGPU_BACKEND: 'vulkan' } : {}),
          DENO_DIR: join(folder, 'deno'),
          DENO_NO_UPDATE_CHECK: '1',
        },
      },
    );
    if (child.error) throw child.error;
    if (child.status !== 0) {
      throw new Error(`Deno ended with ${child.status ?? child.signal}: ${child.stderr}${child.stdout}`);
    }
    return new Map(
      names.map((name, i) => {
        const text = readFileSync(join(folder, `${i}.result.json`), 'utf8');
        return [name, JSON.parse(text) as JobResult];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Deno's program, out of the npm package of this platform. */
function denoPath(): string {
  const { platform, arch } = process;
  const name = `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`;
  // Beside the package `deno`, which depends on it.
  const resolve = createRequire(createRequire(import.meta.url).resolve('deno/package.json')).resolve;
  return join(dirname(resolve(`${name}/package.json`)), platform === 'win32' ? 'deno.exe' : 'deno');
}

/**
 * Environment of a process that is to find, on Linux, the software Vulkan that the set-up of `npm test` provides:
 * lavapipe, else SwiftShader.
 */
export async function softwareVulkan(): Promise<Record<string, string>> {
  if (process.platform !== 'linux') return {};
  const lavapipe = [...visibleDrivers(), ...installedDrivers()].find(({ kind }) => kind === 'lavapipe');
  if (lavapipe) return { VK_DRIVER_FILES: lavapipe.manifest };
  const { manifest, loader } = await unpackSwiftShader();
  return { VK_DRIVER_FILES: manifest, LD_LIBRARY_PATH: dirname(loader) };
}
