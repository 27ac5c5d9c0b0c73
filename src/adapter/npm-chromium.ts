import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { brotliDecompressSync } from 'node:zlib';
import packageJson from '../../package.json' with { type: 'json' };
import { JobError } from '../errors.ts';

/** The npm package that holds a headless Chromium for Linux x64, and so SwiftShader. It is optional. */
export const npmPackage = '@sparticuz/chromium';

/** The command that gets it. */
export const howToInstall = `npm install ${npmPackage}@${packageJson.peerDependencies[npmPackage]}`;

/** archc's folder for what can be made again: `$XDG_CACHE_HOME/archc`, else `~/.cache/archc`. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const base = env['XDG_CACHE_HOME'];
  // A relative XDG_CACHE_HOME is to be ignored (XDG Base Directory Specification).
  return join(base && isAbsolute(base) ? base : join(env['HOME'] || homedir(), '.cache'), 'archc');
}

/** The package as it is installed. */
export type NpmChromium = {
  readonly version: string;
  /** Contents of one of its compressed files. */
  read(name: string): Uint8Array;
  /** Unpacks an archive into a folder: the files of these names, or all. */
  extract(archive: string, folder: string, names?: readonly string[]): Promise<void>;
};

type TarExtract = (
  folder: string,
  options: { ignore: (path: string, header?: { name: string }) => boolean; chown: boolean },
) => NodeJS.WritableStream;

/** @throws JobError `no-swiftshader` where the package is missing or cannot be read. */
export function openNpmChromium(): NpmChromium {
  try {
    // Its main file is build/cjs/index.cjs; its package.json is not among its exports.
    const main = createRequire(import.meta.url).resolve(npmPackage);
    const root = dirname(dirname(dirname(main)));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    const { extract } = createRequire(main)('tar-fs') as { extract: TarExtract };
    const read = (name: string) => brotliDecompressSync(readFileSync(join(root, 'bin', name)));
    return {
      version,
      read,
      async extract(archive, folder, names) {
        const ignore = (_path: string, header?: { name: string }) =>
          names !== undefined && !names.includes(basename(header?.name ?? ''));
        // Run by root, tar-fs would give the files to whoever has the archive's user number here.
        await pipeline(Readable.from([read(archive)]), extract(folder, { ignore, chown: false }));
      },
    };
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

/**
 * Makes a folder that holds `files`, once; later calls find it there. Safe when several processes do it at once: each
 * fills a folder of its own and renames it.
 *
 * @throws whatever `fill` throws or the file system says, also where the files are not there afterwards
 */
export async function unpackOnce(
  home: string,
  files: readonly string[],
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  const missing = (at: string) => files.filter((name) => !existsSync(join(at, name)));
  if (missing(home).length === 0) return;
  let temporary: string | undefined;
  try {
    mkdirSync(dirname(home), { recursive: true });
    temporary = mkdtempSync(`${home}.tmp-`);
    await fill(temporary);
    const absent = missing(temporary);
    if (absent.length > 0) throw new Error(`its archive lacks ${absent.join(', ')}`);
    // What lies there without all of its files was damaged by something else.
    if (existsSync(home) && missing(home).length > 0) rmSync(home, { recursive: true, force: true });
    renameSync(temporary, home);
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
    // Another process was faster: a folder does not replace one that is not empty.
    if (missing(home).length > 0) throw error;
  }
}
