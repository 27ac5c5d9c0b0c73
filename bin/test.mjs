#!/usr/bin/env node
import { join } from 'node:path';
// `npm test [-- [--full] [arguments of vitest]]`: lint and all tests. With files or other arguments for vitest, only its
// part; of the parts that `--shard=1/3` makes of a run, the first lints.
import { root } from './build.mjs';
import { prepare, runHere } from './prepare.mjs';
import { runQuietly } from './quiet.mjs';

const args = process.argv.slice(2);
const full = args.includes('--full');
const forVitest = args.filter((arg) => arg !== '--full');
const lints = forVitest.every((arg) => arg.startsWith('--shard=1/'));

process.exitCode = await prepare({ development: true, adapter: true });
if (process.exitCode === 0) {
  const lint = lints ? runHere('npm', ['run', '--silent', 'lint']) : 0;
  // The tests run all the same, so that one run shows all that is wrong; their counts come last.
  if (lint !== 0) console.error('error: lint failed, see above; `npm test` fails whatever the tests say');
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const tests = await runQuietly([vitest, 'run', ...forVitest], {
    cwd: root,
    env: full ? { ARCHC_FULL: '1' } : {},
  });
  process.exitCode = tests || lint;
}
