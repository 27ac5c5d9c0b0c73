/**
 * Products and convolutions beside ONNX Runtime's WebAssembly, and networks beside PyTorch's CPU kernels, in turns:
 * `npm run bench peers [part of a name] [--threads N] [--rounds N] [--python PATH]`. Install the peers by
 * `npm ci --prefix bench/peers` and, on Debian, `apt-get install python3-torch libopenblas0-pthread`; what is not there
 * is left out.
 * Each side is a process of its own; best of all runs; GFLOP/s are 2 · macs.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Peer } from './peers/peer.ts';
import type { Chain } from './peers/protocol.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
  },
});
const rounds = Number(values.rounds);
const threads = Number(values.threads);
for (const [name, value] of [
  ['rounds', rounds],
  ['threads', threads],
] as const) {
  if (!Number.isSafeInteger(value) || value < 1) {
    console.error(`error: --${name} is '${values[name]}'\n  = try: a whole number from 1 up`);
    process.exit(2);
  }
}
/** Each turn's; with fewer than two runs in it, two. */
const SECONDS = 0.5;

/** Long enough that what ONNX Runtime copies in and out counts for little. */
const chain = 4;
const chains: readonly Chain[] = [
  { name: 'matmul 1024³', op: 'matmul', x: [1024, 1024], w: [1024, 1024], chain },
  { name: 'conv3 96→96 80²', op: 'conv2d', x: [1, 96, 80, 80], w: [96, 96, 3, 3], chain },
  { name: 'conv3 48→48 320²', op: 'conv2d', x: [1, 48, 320, 320], w: [48, 48, 3, 3], chain },
];
const networks = ['nnunet', 'segresnet'];

const wanted = (name: string) => name.includes(positionals[0] ?? '');
const file = (name: string) => fileURLToPath(new URL(`peers/${name}`, import.meta.url));
const onNode = (name: string) =>
  Peer.start(process.execPath, ['--import', 'tsx', file(name), String(threads)]);

/** The first Python that has torch; else the first, which says that it has none. */
function python(): string {
  if (values.python) return values.python;
  const candidates = ['python3', '/usr/bin/python3'];
  const withTorch = candidates.find((p) => spawnSync(p, ['-c', 'import torch']).status === 0);
  return withTorch ?? candidates[0];
}

/** Products and sums of one step of a chain. */
function flopsOf({ op, x, w }: Chain): number {
  const product = (shape: readonly number[]) => shape.reduce((n, d) => n * d, 1);
  return 2 * (op === 'matmul' ? product(x) * w[1] : product(w) * product(x.slice(2)));
}

const ours = await onNode('archc.ts');
if (!ours) throw new Error('archc did not start');
console.log(ours.description);

const row = (cells: readonly string[]) =>
  console.log(cells.map((c, i) => (i === 0 ? c.padEnd(20) : c.padStart(20))).join(''));

/** Largest difference of two samples, of the largest of the second. */
function difference(a: readonly number[], b: readonly number[]): number {
  const largest = Math.max(...b.map(Math.abs));
  return Math.max(...b.map((v, i) => Math.abs(v - a[i]))) / largest;
}

const onnx = chains.some((c) => wanted(c.name)) ? await onNode('onnxruntime.ts') : undefined;
if (onnx) {
  console.log(`\n${onnx.description}`);
  row(['', 'archc', 'ONNX Runtime', 'times as fast']);
  for (const c of chains.filter(({ name }) => wanted(name))) {
    const least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < rounds; round++) {
      const answers = [
        await ours.measure({ chain: c, seconds: SECONDS }),
        await onnx.measure({ chain: c, seconds: SECONDS }),
      ];
      answers.forEach(({ ms }, i) => {
        least[i] = Math.min(least[i], ms / c.chain);
      });
      const off = difference(answers[0].sample!, answers[1].sample!);
      // Sums of a thousand products in float32, in another order, four times over.
      if (!(off < 1e-4)) throw new Error(`${c.name}: the results differ by ${off} of the largest`);
    }
    const cell = (ms: number) => `${ms.toFixed(2)} ms ${(flopsOf(c) / ms / 1e6).toFixed(1)} GF/s`;
    row([c.name, ...least.map(cell), (least[1] / least[0]).toFixed(2)]);
  }
  onnx.close();
}

const torch = networks.some(wanted)
  ? await Peer.start(python(), [file('torch_peer.py'), String(threads)])
  : undefined;
if (torch) {
  console.log(`\n${torch.description}`);
  row(['', 'archc', 'PyTorch', 'times as fast']);
  for (const network of networks.filter(wanted)) {
    const least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < rounds; round++) {
      for (const [i, side] of [ours, torch].entries()) {
        const { ms } = await side.measure({ network, seconds: SECONDS });
        least[i] = Math.min(least[i], ms);
      }
    }
    row([network, ...least.map((ms) => `${ms.toFixed(0)} ms`), (least[1] / least[0]).toFixed(2)]);
  }
  torch.close();
}
ours.close();
