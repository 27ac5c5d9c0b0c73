/**
 * Times contractions and convolutions, forward and gradients, on the adapter that is found:
 * `npm run bench gemm-convolution [part of a name]`. Cold is the first run, with what the driver compiles then
 * (set MESA_SHADER_CACHE_DIR to an empty folder). GFLOP/s are 2 · macs over the best of the warm runs; "a core" is
 * over processor time, which on a software adapter tells the kernel's cost however busy the machine is.
 */
import { acquireDevice } from '../src/adapter/acquire.ts';
import { differentiate } from '../src/autodiff/gradients.ts';
import { deviceTarget } from '../src/backend/device-target.ts';
import { kernelRenderer } from '../src/compiler/renderer.ts';
import { GraphBuilder } from '../src/ir/builder.ts';
import type { Attrs, Graph } from '../src/ir/graph.ts';
import { ops } from '../src/ops/index.ts';
import { planProgram } from '../src/plan/plan.ts';
import { WebgpuSession } from '../src/runtime/webgpu/session.ts';

/** Name, op, shapes of its operands, attributes. */
type Case = readonly [name: string, op: string, operands: string, attrs?: Attrs];

const bkcl = { equation: 'b k d l, k c d -> b k c l' };
const cases: readonly Case[] = [
  ['matmul 1024³', 'matmul', '1024 1024, 1024 1024'],
  ['linear 102400 48→96', 'linear', '102400 48, 96 48'],
  ['linear 25600 96→384', 'linear', '25600 96, 384 96'],
  ['linear 100 768→3072', 'linear', '100 768, 3072 768'],
  ['linear 2304 16→64', 'linear', '2304 16, 64 16'],
  ['einsum d96 l25600 c22', 'einsum', '1 4 96 25600, 4 22 96', bkcl],
  ['einsum d1536 l100 c80', 'einsum', '1 4 1536 100, 4 80 1536', bkcl],
  ['einsum d32 l576 c18 b4', 'einsum', '4 4 32 576, 4 18 32', bkcl],
  ['conv3 48→48 320²', 'conv2d', '1 48 320 320, 48 48 3 3', { padding: 1 }],
  ['conv3 96→96 80²', 'conv2d', '1 96 80 80, 96 96 3 3', { padding: 1 }],
  ['conv3 96→96 160²', 'conv2d', '1 96 160 160, 96 96 3 3', { padding: 1 }],
  ['conv3 768→768 10²', 'conv2d', '1 768 10 10, 768 768 3 3', { padding: 1 }],
  ['conv3 16→16 96² b4', 'conv2d', '4 16 96 96, 16 16 3 3', { padding: 1 }],
  ['conv3 128→128 6² b4', 'conv2d', '4 128 6 6, 128 128 3 3', { padding: 1 }],
  ['conv3 s2 96→192 80²', 'conv2d', '1 96 80 80, 192 96 3 3', { padding: 1, stride: 2 }],
  ['conv1 48→14 320²', 'conv2d', '1 48 320 320, 14 48 1 1'],
  ['conv7 s2 1→48 320²', 'conv2d', '1 1 320 320, 48 1 7 7', { padding: 3, stride: 2 }],
  ['conv4 s4 3→96 320²', 'conv2d', '1 3 320 320, 96 3 4 4', { stride: 4 }],
  ['conv2t s2 96→48 160²', 'conv_transpose2d', '1 96 160 160, 96 48 2 2', { stride: 2 }],
  ['depthwise3 192 80²', 'conv2d', '1 192 80 80, 192 1 3 3', { padding: 1, groups: 192 }],
  ['depthwise3 32 24² b4', 'conv2d', '4 32 24 24, 32 1 3 3', { padding: 1, groups: 32 }],
];

const acquired = await acquireDevice();
console.log(acquired.description);
const target = deviceTarget(acquired);
const { device } = acquired;

/** The whole graph but for what `keep` does not need: only one result is computed. */
function graphOf([, op, shapes, attrs]: Case, result: number): { graph: Graph; macs: number } {
  const b = new GraphBuilder(ops);
  const operands = shapes
    .split(',')
    .map((shape, i) => b.source('input', `operand${i}`, shape.trim().split(' ').map(Number)));
  const y = b.apply(op, operands, attrs);
  const forward = b.nodeList.length;
  const macs = macsOf(b.build());
  if (result === 0) b.output('result', y);
  else {
    const dy = b.source('input', 'dy', b.shape(y));
    const [g] = differentiate(b, new Map([[y, dy]]), [operands[result - 1]]);
    b.output('result', g!);
  }
  const graph = b.build();
  return { graph: result === 0 ? graph : { ...graph, nodes: graph.nodes.slice(forward) }, macs };
}

function macsOf(graph: Graph): number {
  const shape = (v: number) => graph.values[v].shape;
  return graph.nodes.reduce((n, node) => {
    const op = ops.get(node.op)!;
    return n + (op.macs?.(node.inputs.map(shape), node.outputs.map(shape), node.attrs) ?? 0);
  }, 0);
}

/** Milliseconds: of the first run, of the best one, and of processor time (of all threads) for one. */
interface Timing {
  readonly cold: number;
  readonly best: number;
  readonly busy: number;
}

async function time(graph: Graph): Promise<Timing> {
  const program = planProgram({ forward: graph }, ops, kernelRenderer(), {
    model: 'bench',
    batch: 1,
    target,
  });
  const begin = performance.now();
  const session = await WebgpuSession.create(device, program);
  for (const { kind, name, shape } of program.tensors) {
    const n = shape.reduce((a, d) => a * d, 1);
    if (kind === 'input')
      session.write(
        'input',
        name,
        Float32Array.from({ length: n }, (_, i) => Math.sin(i)),
      );
  }
  const run = async () => {
    session.run('forward');
    await device.queue.onSubmittedWorkDone();
  };
  await run();
  const cold = performance.now() - begin;
  let best = Number.POSITIVE_INFINITY;
  let runs = 0;
  const cpu = process.cpuUsage();
  const until = performance.now() + 500;
  do {
    const start = performance.now();
    await run();
    best = Math.min(best, performance.now() - start);
    runs++;
  } while (performance.now() < until);
  const used = process.cpuUsage(cpu);
  const busy = (used.user + used.system) / 1000 / runs;
  session.destroy();
  return { cold, best, busy };
}

const wanted = process.argv[2] ?? '';
for (const c of cases.filter(([name]) => name.includes(wanted))) {
  const cells: string[] = [];
  for (const [result, label] of ['forward', 'd input', 'd weight'].entries()) {
    const { graph, macs } = graphOf(c, result);
    const { cold, best, busy } = await time(graph);
    const rate = (2 * macs) / best / 1e6;
    const perCore = (2 * macs) / busy / 1e6;
    cells.push(
      `${label} ${best.toFixed(1)} ms, ${rate.toFixed(1)} GFLOP/s, ${perCore.toFixed(1)} a core (cold ${(cold / 1000).toFixed(2)} s)`,
    );
  }
  console.log(`${c[0].padEnd(24)} ${cells.join(' | ')}`);
}
acquired.destroy();
