import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { brotliDecompressSync } from 'node:zlib';
import packageJson from '../../package.json' with { type: 'json' };
import { JobError } from '../errors.ts';

const npmPackage = '@sparticuz/chromium';

/** The command that gets the package. It is optional: a whole browser, of which SwiftShader is a small part. */
export const howToInstall = `npm install ${npmPackage}@${packageJson.peerDependencies[npmPackage]}`;

/** SwiftShader, unpacked: a software Vulkan that needs neither root nor anything else installed. */
export type SwiftShader = {
  /** Version of the npm package that it came from. */
  readonly version: string;
  /** Path of its Vulkan driver manifest. */
  readonly manifest: string;
  /** Path of the Vulkan loader (`libvulkan.so.1`) that came with it. */
  readonly loader: string;
};

/** What is taken from the archive; it also holds OpenGL libraries, which Dawn does not need. */
const wanted = {
  manifest: 'vk_swiftshader_icd.json',
  library: 'libvk_swiftshader.so',
  loader: 'libvulkan.so.1',
};

/** archc's folder for what can be made again: `$XDG_CACHE_HOME/archc`, else `~/.cache/archc`. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const base = env['XDG_CACHE_HOME'];
  // A relative XDG_CACHE_HOME is to be ignored (XDG Base Directory Specification).
  return join(base && isAbsolute(base) ? base : join(env['HOME'] || homedir(), '.cache'), 'archc');
}

/** Why SwiftShader cannot be used here, or undefined if it can. */
export function whyNoSwiftShader(
  platform: string = process.platform,
  arch: string = process.arch,
): string | undefined {
  if (platform === 'linux' && arch === 'x64') return undefined;
  return `${npmPackage} holds SwiftShader for Linux x64 only, and this is ${platform} ${arch}`;
}

/**
 * Unpacks SwiftShader from the installed npm package into `folder`, once a package version; later calls find it
 * there. Safe when several processes do it at once: each unpacks into a folder of its own and renames it.
 *
 * @throws JobError `no-swiftshader` on other platforms, or if the package is missing or not as expected.
 */
export async function unpackSwiftShader(folder = cacheFolder()): Promise<SwiftShader> {
  const obstacle = whyNoSwiftShader();
  if (obstacle) throw new JobError('no-swiftshader', obstacle);
  const { root, version, extract } = findPackage();
  const home = join(folder, `swiftshader-${version}`);
  const unpacked = { version, manifest: join(home, wanted.manifest), loader: join(home, wanted.loader) };
  const missing = (at: string) => Object.values(wanted).filter((name) => !existsSync(join(at, name)));
  if (missing(home).length === 0) return unpacked;

  let temporary: string | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    temporary = mkdtempSync(`${home}.tmp-`);
    const archive = brotliDecompressSync(readFileSync(join(root, 'bin/swiftshader.tar.br')));
    const names = new Set<string>(Object.values(wanted));
    const ignore = (_path: string, header?: { name: string }) => !names.has(basename(header?.name ?? ''));
    // Run by root, tar-fs would give the files to whoever has the archive's user number here.
    await pipeline(Readable.from([archive]), extract(temporary, { ignore, chown: false }));
    const absent = missing(temporary);
    if (absent.length > 0) throw new Error(`its archive lacks ${absent.join(', ')}`);
    // What lies there without all of its files was damaged by something else.
    if (existsSync(home) && missing(home).length > 0) rmSync(home, { recursive: true, force: true });
    renameSync(temporary, home);
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
    // Another process was faster: a folder does not replace one that is not empty.
    if (missing(home).length === 0) return unpacked;
    throw new JobError(
      'no-swiftshader',
      `SwiftShader could not be unpacked from ${npmPackage} ${version} to ${home}: ${(error as Error).message}`,
      'set XDG_CACHE_HOME to a folder that can be written to, or install the package again',
    );
  }
  return unpacked;
}

type Extract = (
  folder: string,
  options: { ignore: (path: string, header?: { name: string }) => boolean; chown: boolean },
) => NodeJS.WritableStream;

/** The installed package and the tar reader that it depends on. */
function findPackage(): { root: string; version: string; extract: Extract } {
  try {
    // Its main file is build/cjs/index.cjs; its package.json is not among its exports.
    const main = createRequire(import.meta.url).resolve(npmPackage);
    const root = dirname(dirname(dirname(main)));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    const { extract } = createRequire(main)('tar-fs') as { extract: Extract };
    return { root, version, extract };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    const state = missing ? 'is not installed' : `cannot be read: ${(error as Error).message}`;
    throw new JobError(
      'no-swiftshader',
      `the npm package ${npmPackage}, which holds SwiftShader, ${state}`,
      howToInstall,
    );
  }
}
