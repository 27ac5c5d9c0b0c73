import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/**
 * Starts a thread. In a build its code is a file beside this one's (bin/build.mjs); of sources it is bundled here.
 *
 * @param entry its source, from this folder and without ending
 * @param workerData what it is told at its start
 */
export function startThread(entry: string, workerData?: unknown): Worker {
  const name = basename(entry);
  const options = { workerData, name: `archc ${name}`, execArgv: [] };
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL(`./${name}.js`, import.meta.url), options);
  const code = bundled.get(entry) ?? bundle(fileURLToPath(new URL(`./${entry}.ts`, import.meta.url)));
  bundled.set(entry, code);
  return new Worker(code, { ...options, eval: true });
}

const bundled = new Map<string, string>();

/** Node reads no TypeScript in workers, by loaders that are there in each of its versions. */
function bundle(path: string): string {
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  const shared = { bundle: true, write: false, platform: 'node', format: 'cjs' } as const;
  return buildSync({ ...shared, entryPoints: [path] }).outputFiles[0].text;
}
