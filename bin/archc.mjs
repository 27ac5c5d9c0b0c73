#!/usr/bin/env node
// Runs the command line: in the package from its build, in a checkout from one that is made of the sources as they are.
import { existsSync } from 'node:fs';

// Stack traces then name lines of the sources.
if (process.env.ARCHC_DEBUG) process.setSourceMapsEnabled(true);

async function commandLine() {
  if (!existsSync(new URL('../src', import.meta.url))) return import('../dist/node/cli.js');
  const { freshBuild } = await import('./build.mjs');
  const { pathToFileURL } = await import('node:url');
  return import(`${pathToFileURL(await freshBuild())}/cli.js`);
}

try {
  const { runAsProcess } = await commandLine();
  await runAsProcess(process.argv.slice(2));
} catch (error) {
  if (error?.name !== 'BuildError') throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = 2;
}
