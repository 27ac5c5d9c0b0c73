/**
 * Times the kernels of training steps, planned for a processor, becoming WebAssembly:
 * `npm run bench translate [SPEC …] [-- --rounds N] [--forward] [--relaxed]`. The first round is a process that has
 * translated nothing yet; "best" is the least of the rounds. The engine makes machine code of all functions with its
 * optimizing compiler. "cached" is the whole from a cache that another round filled.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { kernelRenderer } from '../src/compiler/renderer.ts';
import { kernelCacheIn } from '../src/files/kernel-cache.ts';
import { cpuTarget } from '../src/kernels/targets.ts';
import { ops } from '../src/ops/index.ts';
import { planProgram } from '../src/plan/plan.ts';
import { engine } from '../src/runtime/wasm/engine.ts';
import { type CompiledKernel, compileKernel, lowerModule, writeKernel } from '../src/wasm/compile/kernel.ts';
import { encodeModule } from '../src/wasm/encode/module.ts';
import { checkModule } from '../src/wasm/wgsl/check-module.ts';
import { parseModule } from '../src/wasm/wgsl/parse-module.ts';
import { NUCLEI, stepOf } from './shared/step.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    forward: { type: 'boolean', default: false },
    relaxed: { type: 'boolean', default: false },
    child: { type: 'boolean', default: false },
  },
});
const specs = positionals.length > 0 ? positionals : [NUCLEI, 'nnunet', 'swin-umamba'];
const options = { bounds: 'trusted', relaxed: values.relaxed } as const;

type Times = Record<string, number>;

function kernelsOf(spec: string): readonly { readonly name: string; readonly wgsl: string }[] {
  const { model, entries } = stepOf(spec, { batch: '1', forward: values.forward });
  const options = { model: model.name, batch: 1, target: cpuTarget };
  return planProgram(entries, ops, kernelRenderer(), options).kernels;
}

/** Milliseconds of each phase, all kernels together. */
function translate(kernels: ReturnType<typeof kernelsOf>): { times: Times; compiled: CompiledKernel[] } {
  const times: Times = {};
  const timed = <T>(phase: string, work: () => T): T => {
    const before = performance.now();
    const made = work();
    times[phase] = (times[phase] ?? 0) + performance.now() - before;
    return made;
  };
  const compiled = kernels.map(({ name, wgsl }) => {
    timed('parse', () => parseModule(wgsl));
    const tree = timed('check', () => checkModule(wgsl));
    const lowered = timed('lower', () => lowerModule(tree, options));
    return timed('place, write', () => writeKernel(name, lowered));
  });
  // It parses, too.
  times['check'] -= times['parse'];
  times['translate'] = Object.values(times).reduce((a, b) => a + b);
  return { times, compiled };
}

/** @param round differs from round to round, else the engine has the machine code already */
function engineTime(compiled: readonly CompiledKernel[], round: number): number {
  const [first, ...more] = compiled;
  const bytes = encodeModule([{ ...first, name: `${first.name} ${round}` }, ...more]);
  const before = performance.now();
  new engine.Module(bytes);
  return performance.now() - before;
}

/** One spec, in a process of its own. */
function measure(spec: string): void {
  for (const flag of ['--no-wasm-tier-up', '--no-liftoff', '--no-wasm-lazy-compilation'])
    setFlagsFromString(flag);
  if (values.relaxed) setFlagsFromString('--experimental-wasm-relaxed-simd');
  const started = performance.now();
  const kernels = kernelsOf(spec);
  const planned = performance.now() - started;
  const rounds = Array.from({ length: Number(values.rounds) }, () => {
    const { times, compiled } = translate(kernels);
    return { ...times, engine: engineTime(compiled, times['translate']) } as Times;
  });
  const bytes = encodeModule(translate(kernels).compiled).length;
  const folder = mkdtempSync(join(tmpdir(), 'archc-translate-'));
  const cached = [0, 1, 2, 3].map(() => {
    const before = performance.now();
    const cache = kernelCacheIn(folder);
    for (const { name, wgsl } of kernels) compileKernel(name, wgsl, options, cache);
    return performance.now() - before;
  });
  rmSync(folder, { recursive: true, force: true });
  console.log(
    `${spec}: ${kernels.length} kernels, ${kernels.reduce((n, k) => n + k.wgsl.length, 0)} characters, ` +
      `${bytes} bytes; planned in ${planned.toFixed(0)} ms`,
  );
  const phases = Object.keys(rounds[0]);
  const row = (name: string, of: (phase: string) => number) =>
    console.log(`  ${name.padEnd(8)} ${phases.map((p) => `${p} ${of(p).toFixed(0)}`).join(', ')}`);
  row('first', (p) => rounds[0][p]);
  row('best', (p) => Math.min(...rounds.map((r) => r[p])));
  console.log(`  cached   ${Math.min(...cached.slice(1)).toFixed(0)}`);
}

if (values.child) measure(specs[0]);
else {
  console.log(`milliseconds, Node ${process.versions.node}`);
  for (const spec of specs) {
    const args = [spec, '--rounds', values.rounds, '--child'];
    if (values.forward) args.push('--forward');
    if (values.relaxed) args.push('--relaxed');
    spawnSync(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url), ...args], {
      stdio: 'inherit',
    });
  }
}
