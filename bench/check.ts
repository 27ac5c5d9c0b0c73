/**
 * Time that `archc check` itself takes on each shipped spec, start-up apart: the first check of a fresh process,
 * which compiles the parser, and the median of ten more.
 */

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openSpec } from '../src/files/open.ts';
import { check } from '../src/language/index.ts';
import { ops } from '../src/ops/index.ts';

const one = process.argv[2];
if (one === undefined) {
  const specs = readdirSync(new URL('../specs/', import.meta.url)).filter((f) => f.endsWith('.arch'));
  console.log('spec              first   later (ms)');
  for (const spec of specs) {
    const self = fileURLToPath(import.meta.url);
    const result = spawnSync(process.execPath, ['--import', 'tsx', self, spec.slice(0, -'.arch'.length)]);
    process.stdout.write(result.stdout.toString() || result.stderr.toString());
  }
} else {
  const measure = () => {
    const started = performance.now();
    const mistakes = check(openSpec(one).loaded, ops).length;
    if (mistakes > 0) throw new Error(`${one} has ${mistakes} mistakes`);
    return performance.now() - started;
  };
  const first = measure();
  const later = Array.from({ length: 10 }, measure).sort((a, b) => a - b)[5];
  console.log(`${one.padEnd(16)} ${first.toFixed(0).padStart(6)}  ${later.toFixed(0).padStart(6)}`);
}
