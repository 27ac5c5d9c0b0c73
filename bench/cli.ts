/**
 * Processor time of whole commands through `bin/archc.mjs`, as multiples of `node -e 0` in the same run.
 * `--rounds N` measures each N times (default 9), `--json` prints one JSON document.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, json: { type: 'boolean' } },
});
const rounds = Number(values.rounds);
if (!Number.isSafeInteger(rounds) || rounds < 1) {
  console.error(`error: --rounds is '${values.rounds}'\n  = try: a whole number from 1 up`);
  process.exit(2);
}

const bin = fileURLToPath(new URL('../bin/archc.mjs', import.meta.url));
const baseline = 'node -e 0';

/** Commands and the largest multiple that each may take; those without one are shown for comparison. */
const commands: readonly {
  readonly name: string;
  readonly args: readonly string[];
  readonly most?: number;
}[] = [
  { name: baseline, args: ['-e', '0'] },
  { name: '--version', args: [bin, '--version'], most: 5 },
  { name: '--help', args: [bin, '--help'] },
  { name: 'explain --list', args: [bin, 'explain', '--list'] },
  { name: 'check nnunet', args: [bin, 'check', 'nnunet'] },
  { name: 'check swin-umamba', args: [bin, 'check', 'swin-umamba'], most: 14 },
  { name: 'params swin-umamba --json', args: [bin, 'params', 'swin-umamba', '--json'], most: 20 },
];

/** User and system time of a process and all that it starts, in milliseconds, as bash measures a command. */
function processorTime({ name, args }: { readonly name: string; readonly args: readonly string[] }): number {
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>/dev/null';
  const { status, stderr, error } = spawnSync('bash', ['-c', script, 'bash', process.execPath, ...args], {
    encoding: 'utf8',
  });
  if (error || status !== 0) {
    console.error(`error: ${name} ended with ${error?.message ?? `exit code ${status}`}`);
    process.exit(1);
  }
  const [user, system] = stderr.trim().split(' ').map(Number);
  return 1000 * (user + system);
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[(values.length - 1) >> 1];

// The first use after a change of the sources builds; that is not what is measured.
for (const command of commands) processorTime(command);
// Interleaved, so that a slow minute of the machine counts for all alike.
const times = new Map<string, number[]>(commands.map(({ name }) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const command of commands) times.get(command.name)!.push(processorTime(command));
}

const base = times.get(baseline)!;
const results = commands.map(({ name, most }) => {
  const own = times.get(name)!;
  const multiples = own.map((ms, round) => ms / base[round]);
  return {
    command: name,
    milliseconds: median(own),
    multiple: median(own) / median(base),
    spread: [Math.min(...multiples), Math.max(...multiples)] as const,
    most,
  };
});

if (values.json) {
  console.log(JSON.stringify({ rounds, node: process.version, results }, null, 1));
} else {
  console.log(`processor time, median of ${rounds}; multiples of ${baseline}, and their spread over rounds`);
  for (const { command, milliseconds, multiple, spread, most } of results) {
    const range = `${spread[0].toFixed(1)} – ${spread[1].toFixed(1)}`;
    const target = most === undefined ? '' : `  at most ${most}: ${multiple <= most ? 'yes' : 'NO'}`;
    console.log(
      `${command.padEnd(26)} ${milliseconds.toFixed(0).padStart(5)} ms ${multiple.toFixed(1).padStart(6)}×   ${range.padEnd(12)}${target}`,
    );
  }
}
