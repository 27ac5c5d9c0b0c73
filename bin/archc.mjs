#!/usr/bin/env node
// Runs the command line: in the package from its build, in a checkout from one that is made of the sources as they are.
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

// Stack traces then name lines of the sources.
if (process.env.ARCHC_DEBUG) process.setSourceMapsEnabled(true);

async function buildFolder() {
  if (!existsSync(new URL('../src', import.meta.url)))
    return fileURLToPath(new URL('../dist/node', import.meta.url));
  const { freshBuild } = await import('./build.mjs');
  return freshBuild();
}

try {
  const args = process.argv.slice(2);
  const build = `${await buildFolder()}/cli.js`;
  const { opensDevice, runAsProcess } = await import(pathToFileURL(build));
  const quiet = opensDevice(args) ? await import('./quiet.mjs') : undefined;
  if (quiet?.needed) {
    const child = fileURLToPath(new URL('quiet-child.mjs', import.meta.url));
    process.exitCode = await quiet.runQuietly([...process.execArgv, child, build, ...args], {
      ownStderr: true,
    });
  } else await runAsProcess(args);
} catch (error) {
  if (error?.name !== 'BuildError') throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = 2;
}
