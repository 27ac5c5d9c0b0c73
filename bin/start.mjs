#!/usr/bin/env node
// `npm start`: from a fresh checkout to the demonstration.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, root, runHere } from './prepare.mjs';

const demo = join(root, 'bin/start-demo.mjs');
process.exitCode = await prepare();
if (process.exitCode === 0) {
  if (existsSync(demo)) process.exitCode = runHere(process.execPath, [demo, ...process.argv.slice(2)]);
  else {
    console.error('error: bin/start-demo.mjs is missing\n  = try: a complete checkout');
    process.exitCode = 1;
  }
}
