#!/usr/bin/env node
// `npm start`: from a fresh checkout to the demonstration.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './build.mjs';
import { prepare } from './prepare.mjs';

// The processor runs it where there is no GPU: nothing is installed for that.
process.exitCode = await prepare({ development: false, adapter: false });
if (process.exitCode === 0) {
  const demo = spawn(process.execPath, [join(root, 'bin/start-demo.mjs'), ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
  });
  // Ctrl-C reaches the demonstration too, which stops with a checkpoint: wait for that.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => demo.kill('SIGTERM'));
  demo.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 0 : 1);
  });
}
