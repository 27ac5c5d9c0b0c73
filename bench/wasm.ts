/**
 * Times kernels translated to WebAssembly, on one thread, beside the processor's peak in registers:
 * `npm run bench wasm [part of a name] [--relaxed]`. The kernels are those planned for it. Best of the runs
 * of at least a second; GFLOP/s are 2 · macs, GB/s what is read and written once.
 */
import { setFlagsFromString } from 'node:v8';
import { kernelRenderer } from '../src/compiler/renderer.ts';
import { GraphBuilder } from '../src/ir/builder.ts';
import { type Attrs, elementCount, type Graph, type ValueId } from '../src/ir/graph.ts';
import { cpuTarget } from '../src/kernels/targets.ts';
import { ops } from '../src/ops/index.ts';
import { planProgram } from '../src/plan/plan.ts';
import { engine } from '../src/runtime/wasm/engine.ts';
import { compileKernel } from '../src/wasm/compile/kernel.ts';
import { kernelFunctions, recordWords, WasmProgram } from '../src/wasm/execute.ts';

type Build = (b: GraphBuilder, x: readonly ValueId[]) => ValueId;

/** Name, shapes of the operands, what is computed of them. */
type Case = readonly [name: string, operands: string, build: Build];

const op =
  (name: string, attrs?: Attrs): Build =>
  (b, x) =>
    b.apply(name, [...x], attrs);

const cases: readonly Case[] = [
  ['matmul 1024³', '1024 1024, 1024 1024', op('matmul')],
  ['linear 25600 96→384', '25600 96, 384 96', op('linear')],
  ['conv3 96→96 80²', '1 96 80 80, 96 96 3 3', op('conv2d', { padding: 1 })],
  ['conv3 48→48 320²', '1 48 320 320, 48 48 3 3', op('conv2d', { padding: 1 })],
  [
    'chain mul, add, silu',
    '96 25600, 96 25600, 96 25600',
    (b, [x, y, z]) => b.apply('silu', [b.add(b.mul(x, y), z)]),
  ],
  ['gelu 96@160²', '96 25600', op('gelu')],
  ['permute 96×25600', '96 25600', op('permute', { axes: [1, 0] })],
  ['layer norm 25600×96', '25600 96, 96, 96', op('layer_norm', { eps: 1e-5 })],
  [
    'scan D 192, L 6400, N 16',
    '1 192 6400, 1 192 6400, 192 16, 1 1 16 6400, 1 1 16 6400, 192, 192',
    op('selective_scan', { delta_softplus: true }),
  ],
];

const relaxed = process.argv.includes('--relaxed');
// Node 22 has it without.
if (relaxed) setFlagsFromString('--experimental-wasm-relaxed-simd');
const wanted = process.argv.slice(2).find((a) => !a.startsWith('--')) ?? '';
const options = { bounds: 'trusted', relaxed } as const;

function graphOf([, shapes, build]: Case): Graph {
  const b = new GraphBuilder(ops);
  const operands = shapes
    .split(',')
    .map((shape, i) => b.source('input', `operand${i}`, shape.trim().split(' ').map(Number)));
  b.output('result', build(b, operands));
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

/** GFLOP/s of products and sums in twelve registers: more than any kernel can reach. */
function peak(): number {
  const sums = Array.from({ length: 12 }, (_, k) => k);
  const wgsl = `
@group(0) @binding(0) var<storage, read_write> y: array<vec4<f32>>;
@compute @workgroup_size(1)
fn main() {
  let a = y[0];
${sums.map((k) => `  var s${k} = vec4<f32>(${k}.0f);`).join('\n')}
  for (var i = 0u; i < 1000000u; i++) {
${sums.map((k) => `    s${k} = fma(s${k}, a, a);`).join('\n')}
  }
  y[1] = ${sums.map((k) => `s${k}`).join(' + ')};
}`;
  const kernel = compileKernel('peak', wgsl, options);
  const memory = new engine.Memory({ initial: 3, maximum: 3 });
  const [run] = kernelFunctions([kernel], memory);
  const [y, record] = [65536, 65536 + 256];
  new Uint8Array(memory.buffer).set(
    new Uint8Array(recordWords([1, 1, 1], new Map([[0, [y, 64]]])).buffer),
    record,
  );
  const ms = best(() => run(0, 1, record, y));
  return (12 * 4 * 2 * 1_000_000) / ms / 1e6;
}

console.log(
  `one thread, ${relaxed ? 'relaxed multiply-add' : 'multiply and add'}, Node ${process.versions.node}`,
);
console.log(`${'peak in registers'.padEnd(28)} ${peak().toFixed(1)} GFLOP/s`);
for (const benchmark of cases.filter(([name]) => name.includes(wanted))) {
  const graph = graphOf(benchmark);
  const program = planProgram({ forward: graph }, ops, kernelRenderer(), {
    model: 'bench',
    batch: 1,
    target: cpuTarget,
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
    `${benchmark[0].padEnd(28)} ${ms.toFixed(2).padStart(9)} ms ${flops} ${(bytes / ms / 1e6).toFixed(1).padStart(6)} GB/s` +
      `   made in ${made.toFixed(0)} ms`,
  );
}
