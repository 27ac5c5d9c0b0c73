/**
 * The time from the start of `archc train` on the processor to its first finished step, on the nuclei or another data set:
 * `npm run bench start-up [SPEC --data FOLDER] [-- --threads N] [--rounds N] [--backend auto]`. Each round is run with an
 * empty cache, then once more with what that left; the build is made before. Prints the seconds on the wall, and on Linux
 * those of the main thread and of all threads on a processor, which depend less on what else the machine does.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string', default: 'examples/nuclei/Dataset703_Nuclei' },
    threads: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    backend: { type: 'string', default: 'cpu' },
  },
});
const [spec = 'examples/nuclei/nuclei.arch'] = positionals;
const archc = fileURLToPath(new URL('../bin/archc.mjs', import.meta.url));

interface Times {
  readonly wall: number;
  /** On a processor; unknown where there is no /proc. */
  readonly main?: number;
  readonly all?: number;
}

/** Ticks of /proc a second. */
const TICKS = 100;

function onProcessor(pid: number): Omit<Times, 'wall'> {
  try {
    const main = Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e9;
    // Behind the name, which may hold anything: user and system time are the 12th and 13th.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { main, all: (Number(fields[11]) + Number(fields[12])) / TICKS };
  } catch {
    return {};
  }
}

function firstStep(cache: string): Promise<Times> {
  const folder = mkdtempSync(join(tmpdir(), 'archc-run-'));
  const run = ['--steps', '1', '--test', '--output', join(folder, 'run')];
  const device = ['--backend', values.backend, ...(values.threads ? ['--threads', values.threads] : [])];
  const started = performance.now();
  const child = spawn(process.execPath, [archc, 'train', spec, '--data', values.data, ...run, ...device], {
    env: { ...process.env, XDG_CACHE_HOME: cache },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let times: Times | undefined;
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (!times && /^training 1\//m.test(said))
      times = { wall: (performance.now() - started) / 1000, ...onProcessor(child.pid!) };
  });
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      rmSync(folder, { recursive: true, force: true });
      if (times && code === 0) resolve(times);
      else reject(new Error(`archc train ended with ${code}:\n${said}`));
    });
  });
}

spawnSync(process.execPath, [archc, '--version']);
const found = { cold: [] as Times[], warm: [] as Times[] };
for (let round = 0; round < Number(values.rounds); round++) {
  const cache = mkdtempSync(join(tmpdir(), 'archc-cache-'));
  found.cold.push(await firstStep(cache));
  found.warm.push(await firstStep(cache));
  rmSync(cache, { recursive: true, force: true });
}
console.log('seconds to the first step, best and median of each');
console.log('cache    wall           main thread    all threads');
for (const [name, times] of Object.entries(found)) {
  const columns = (['wall', 'main', 'all'] as const).map((key) => {
    const sorted = times.flatMap((t) => t[key] ?? []).sort((a, b) => a - b);
    if (sorted.length === 0) return 'unknown'.padEnd(14);
    return [sorted[0], sorted[sorted.length >> 1]]
      .map((s) => s.toFixed(2).padStart(6))
      .join(' ')
      .padEnd(14);
  });
  console.log(`${name.padEnd(8)} ${columns.join(' ')}`);
}
