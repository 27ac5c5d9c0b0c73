/**
 * Times kernels translated to WebAssembly, on one thread, beside the processor's peak in registers:
 * `npm run bench wasm [part of a name] [--relaxed] [--wide] [--kernel op=variant]`. The kernels are those planned for it,
 * with `--wide` by addresses of 64 bits. Best of the runs of at least a second; GFLOP/s are 2 · macs, GB/s what is read and written once.
 */
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { kernelRenderer } from '../src/compiler/renderer.ts';
import { GraphBuilder } from '../src/ir/builder.ts';
import { type Attrs, elementCount, type Graph, type ValueId } from '../src/ir/graph.ts';
import { cpuTarget } from '../src/kernels/targets.ts';
import { ops } from '../src/ops/index.ts';
import { planProgram } from '../src/plan/plan.ts';
import { WasmProgram } from '../src/wasm/execute.ts';
import { peak } from './peers/peak.ts';

type Build = (b: GraphBuilder, x: readonly ValueId[]) => ValueId | readonly ValueId[];

/** Name, shapes of the operands, what is computed of them. */
type Case = readonly [name: string, operands: string, build: Build];

const op =
  (name: string, attrs?: Attrs): Build =>
  (b, x) =>
    b.apply(name, [...x], attrs);

/** A convolution of x [B, C, H, W] by a kernel [C2, C/groups, kh, kw], and its gradients. */
function convolution(name: string, x: string, weight: string, attrs: Attrs): Case[] {
  const sizes = (shape: string) => shape.split(' ').slice(2).map(Number);
  const b = new GraphBuilder(ops);
  const [from, kernel] = [x, weight].map((shape, i) =>
    b.source('input', `operand${i}`, shape.split(' ').map(Number)),
  );
  const y = b.shape(b.apply('convolution', [from, kernel], attrs)).join(' ');
  return [
    [`conv ${name}`, `${x}, ${weight}`, op('convolution', attrs)],
    [
      `conv ${name} d input`,
      `${y}, ${weight}`,
      op('convolution_grad_input', { ...attrs, input_size: sizes(x) }),
    ],
    [
      `conv ${name} d weight`,
      `${x}, ${y}`,
      op('convolution_grad_weight', { ...attrs, kernel_size: sizes(weight) }),
    ],
  ];
}
const product = (equation: string) => op('einsum', { equation });
/** A scan and its gradients. */
function scan([batch, groups, depth, length, states]: readonly number[]): Case[] {
  const channels = groups * depth;
  const row = `${batch} ${channels} ${length}`;
  const inner = `${batch} ${groups} ${states} ${length}`;
  const operands = [row, row, `${channels} ${states}`, inner, inner, channels, channels].join(', ');
  const name = `${batch}·${groups}·${depth}, L ${length}, N ${states}`;
  const attrs = { delta_softplus: true };
  return [
    [`scan ${name}`, operands, op('selective_scan', attrs)],
    [
      `its gradients ${name}`,
      `${operands}, ${row}`,
      (b, x) => b.applyAll('selective_scan_backward', [...x], attrs),
    ],
  ];
}

const cases: readonly Case[] = [
  ['matmul 1024³', '1024 1024, 1024 1024', op('matmul')],
  ['matmul 512³', '512 512, 512 512', op('matmul')],
  ['linear 25600 96→384', '25600 96, 384 96', op('linear')],
  ...convolution('3×3 96→96 80²', '1 96 80 80', '96 96 3 3', { padding: 1 }),
  ...convolution('3×3 48→48 320²', '1 48 320 320', '48 48 3 3', { padding: 1 }),
  ...convolution('3×3 320→320 20²', '1 320 20 20', '320 320 3 3', { padding: 1 }),
  ...convolution('3×3 512→512 5²', '1 512 5 5', '512 512 3 3', { padding: 1 }),
  ...convolution('3×3 /2 64→128 160²', '1 64 160 160', '128 64 3 3', { padding: 1, stride: 2 }),
  ...convolution('7×7 /2 3→32 320²', '1 3 320 320', '32 3 7 7', { padding: 3, stride: 2 }),
  ...convolution('4×4 /4 3→96 320²', '1 3 320 320', '96 3 4 4', { stride: 4 }),
  ...convolution('2×2 /2 96→48 160²', '1 48 160 160', '96 48 2 2', { stride: 2 }),
  ...convolution('3×3 depthwise 192 80²', '1 192 80 80', '192 1 3 3', { padding: 1, groups: 192 }),
  ...convolution('3×3 depthwise 768 14²', '1 768 14 14', '768 1 3 3', { padding: 1, groups: 768 }),
  ...convolution('3×3 16→16 96² of 2', '2 16 96 96', '16 16 3 3', { padding: 1 }),
  ...convolution('3×3 64→64 12² of 2', '2 64 12 12', '64 64 3 3', { padding: 1 }),
  ['linear 25600 96→384 + bias', '25600 96, 384 96, 384', op('linear')],
  ['linear 3136 384→96', '3136 384, 96 384', op('linear')],
  ['linear 49 768→3072', '49 768, 3072 768', op('linear')],
  ['linear 196 3072→768', '196 3072, 768 3072', op('linear')],
  ['linear gradient of x', '25600 384, 384 96', product('t o, o i -> t i')],
  ['linear gradient of weight', '25600 384, 25600 96', product('t o, t i -> o i')],
  ['windows q·k', '768 9 49 32, 768 9 49 32', product('w h m d, w h n d -> w h m n')],
  ['windows a·v', '768 9 49 49, 768 9 49 32', product('w h m n, w h n d -> w h m d')],
  ['windows gradient of v', '768 9 49 49, 768 9 49 32', product('w h m n, w h m d -> w h n d')],
  ['scan x→22', '1 4 192 6400, 4 22 192', product('b k d l, k c d -> b k c l')],
  ['scan 6→192', '1 4 6 6400, 4 192 6', product('b k r l, k d r -> b k d l')],
  ['scan x→22, gradient of x', '1 4 22 6400, 4 22 192', product('b k c l, k c d -> b k d l')],
  ['scan x→22, of weight', '1 4 22 6400, 1 4 192 6400', product('b k c l, b k d l -> k c d')],
  ['scan 6→192, of weight', '1 4 192 6400, 1 4 6 6400', product('b k d l, b k r l -> k d r')],
  ['conv1 96→48 160²', '1 96 160 160, 48 96 1 1', op('conv2d', {})],
  ['conv1 96→48 160², of weight', '96 25600, 48 25600', product('i p, o p -> o i')],
  [
    'chain mul, add, silu',
    '96 25600, 96 25600, 96 25600',
    (b, [x, y, z]) => b.apply('silu', [b.add(b.mul(x, y), z)]),
  ],
  ['gelu 96@160²', '96 25600', op('gelu')],
  ['permute 96×25600', '96 25600', op('permute', { axes: [1, 0] })],
  ['layer norm 25600×96', '25600 96, 96, 96', op('layer_norm', { eps: 1e-5 })],
  ...[
    [1, 1, 192, 6400, 16],
    [4, 4, 32, 576, 8],
    [4, 4, 128, 36, 8],
    [1, 4, 192, 3136, 16],
  ].flatMap(scan),
  ['cross scan 192@80²', '1 192 80 80', op('cross_scan')],
  ['cross merge 192@80²', '1 4 192 6400', op('cross_merge', { height: 80, width: 80 })],
  [
    'conv, silu, cross scan 192@56²',
    '1 192 56 56, 192 1 3 3',
    (b, x) =>
      b.apply('cross_scan', [b.apply('silu', [b.apply('conv2d', [...x], { padding: 1, groups: 192 })])]),
  ],
];

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    relaxed: { type: 'boolean' },
    wide: { type: 'boolean' },
    kernel: { type: 'string', multiple: true },
  },
});
const relaxed = values.relaxed ?? false;
const wanted = positionals[0] ?? '';
const kernels = new Map((values.kernel ?? []).map((k) => k.split('=') as [string, string]));
// Node 22 has it without.
if (relaxed && Number(process.versions.node.split('.')[0]) < 22)
  setFlagsFromString('--experimental-wasm-relaxed-simd');
const options = { bounds: 'trusted', relaxed, address: values.wide ? 64 : 32 } as const;

function graphOf([, shapes, build]: Case): Graph {
  const b = new GraphBuilder(ops);
  const operands = shapes
    .split(',')
    .map((shape, i) => b.source('input', `operand${i}`, shape.trim().split(' ').map(Number)));
  [build(b, operands)].flat().forEach((v, k) => {
    b.output(`result${k}`, v);
  });
  return b.build();
}

function macsOf(graph: Graph): number {
  const shape = (v: number) => graph.values[v].shape;
  return graph.nodes.reduce((n, node) => {
    const { macs } = ops.get(node.op)!;
    return n + (macs?.(node.inputs.map(shape), node.outputs.map(shape), node.attrs) ?? 0);
  }, 0);
}

/** Milliseconds of the best run. */
function best(run: () => void): number {
  run();
  let least = Number.POSITIVE_INFINITY;
  const start = performance.now();
  for (let n = 0; n < 5 || performance.now() - start < 1000; n++) {
    const before = performance.now();
    run();
    least = Math.min(least, performance.now() - before);
  }
  return least;
}

console.log(
  `one thread, ${relaxed ? 'relaxed multiply-add' : 'multiply and add'}, addresses of ${options.address} bits, Node ${process.versions.node}`,
);
console.log(`${'peak in registers'.padEnd(36)} ${(await peak(relaxed)).toFixed(1)} GFLOP/s`);
for (const benchmark of cases.filter(([name]) => name.includes(wanted))) {
  const graph = graphOf(benchmark);
  const program = planProgram({ forward: graph }, ops, kernelRenderer(), {
    model: 'bench',
    batch: 1,
    target: cpuTarget,
    kernels,
  });
  const before = performance.now();
  const wasm = new WasmProgram(program, options);
  const made = performance.now() - before;
  for (const tensor of program.tensors) {
    const view = wasm.view(tensor);
    for (let i = 0; i < view.length; i++) view[i] = ((i * 7919) % 1000) / 1000 - 0.5;
  }
  const ms = best(() => wasm.run('forward'));
  const ends = [...graph.sources, ...graph.outputs];
  const bytes = ends.reduce((n, { value }) => n + 4 * elementCount(graph.values[value].shape), 0);
  const macs = macsOf(graph);
  const flops = macs > 0 ? `${((2 * macs) / ms / 1e6).toFixed(1)} GFLOP/s`.padStart(14) : ''.padStart(14);
  console.log(
    `${benchmark[0].padEnd(36)} ${ms.toFixed(2).padStart(9)} ms ${flops} ${(bytes / ms / 1e6).toFixed(1).padStart(6)} GB/s` +
      `   made in ${made.toFixed(0)} ms`,
  );
}
