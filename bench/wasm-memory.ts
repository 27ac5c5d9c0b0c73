/**
 * Times what is bound by memory as WebAssembly, on one thread, beside plain copies: `npm run bench wasm-memory [part of a name]`
 * Ops at the sizes that networks have at full size, also their gradients. Milliseconds are processor time, which others on
 * the machine disturb less, best of runs of at least half a second; GB/s are what is read and written once.
 */
import { setFlagsFromString } from 'node:v8';
import { differentiate } from '../src/autodiff/gradients.ts';
import { kernelRenderer } from '../src/compiler/renderer.ts';
import { GraphBuilder } from '../src/ir/builder.ts';
import { type Attrs, elementCount, type ValueId } from '../src/ir/graph.ts';
import { cpuTarget } from '../src/kernels/targets.ts';
import { ops } from '../src/ops/index.ts';
import { planProgram } from '../src/plan/plan.ts';
import { WasmProgram } from '../src/wasm/execute.ts';

// What the engine's first compiler makes is no measure.
setFlagsFromString('--no-liftoff');

type Build = (b: GraphBuilder, x: readonly ValueId[]) => readonly ValueId[];

interface Case {
  readonly name: string;
  /** Shapes; those with `i` before them are of class ids. */
  readonly operands: string;
  readonly build: Build;
  /** Computes only the gradients of the first result, as of a sum with given weights. */
  readonly gradient?: true;
}

const op =
  (name: string, attrs?: Attrs): Build =>
  (b, x) =>
    b.applyAll(name, [...x], attrs);

/** Forward, and the gradient alone. */
const both = (name: string, operands: string, build: Build): Case[] => [
  { name, operands, build },
  { name: `${name}, gradient`, operands, build, gradient: true },
];
const alone = (name: string, operands: string, build: Build): Case => ({ name, operands, build });

const cases: readonly Case[] = [
  alone('chain mul, add, silu', '96 25600, 96 25600, 96 25600', (b, [x, y, z]) => [
    b.apply('silu', [b.add(b.mul(x, y), z)]),
  ]),
  alone('add', '96 25600, 96 25600', (b, [x, y]) => [b.add(x, y)]),
  alone('add bias of rows', '25600 96, 96', (b, [x, y]) => [b.add(x, y)]),
  alone('add bias of planes', '96 25600, 96 1', (b, [x, y]) => [b.add(x, y)]),
  alone('mul by samples', '2 96 6400, 2 1 1', (b, [x, y]) => [b.mul(x, y)]),
  alone('add mask of windows', '256 3 49 49, 1 3 49 49', (b, [x, y]) => [b.add(x, y)]),
  alone('gelu 96@160²', '96 25600', op('gelu')),
  alone('silu', '96 25600', op('silu')),
  alone('permute 96×25600', '96 25600', op('permute', { axes: [1, 0] })),
  alone('permute 25600×96', '25600 96', op('permute', { axes: [1, 0] })),
  alone('permute 768×100', '2 768 100', op('permute', { axes: [0, 2, 1] })),
  alone('permute heads', '64 49 3 32', op('permute', { axes: [0, 2, 1, 3] })),
  alone('permute windows', '20 7 20 7 96', op('permute', { axes: [0, 2, 1, 3, 4] })),
  alone('permute patches', '96 160 2 160 2', op('permute', { axes: [1, 3, 0, 2, 4] })),
  alone('slice of rows', '6400 192', op('slice', { axis: 1, start: 96, end: 192 })),
  alone('concat of channels', '1 48 25600, 1 48 25600', op('concat', { axis: 1 })),
  alone('concat of rows', '25600 48, 25600 48', op('concat', { axis: 1 })),
  alone('split of rows', '25600 192', op('split', { axis: 1, sizes: [96, 96] })),
  alone('patch merge', '1 160 160 48', op('patch_merge')),
  alone('pad', '1 96 160 160', op('pad', { padding: [1, 1, 1, 1] })),
  alone('roll', '1 80 80 192', op('roll', { shifts: [-3, -3], axes: [1, 2] })),
  ...both('layer norm 25600×96', '25600 96, 96, 96', op('layer_norm')),
  ...both('layer norm 400×768', '400 768, 768, 768', op('layer_norm')),
  ...both('instance norm 48@320²', '1 48 320 320, 48, 48', op('instance_norm')),
  ...both('instance norm 480@10²', '2 480 10 10, 480, 480', op('instance_norm')),
  ...both('group norm 32@160²', '2 32 160 160, 32, 32', op('group_norm', { groups: 8 })),
  ...both('batch norm 32@160²', '2 32 160 160, 32, 32', op('batch_norm')),
  ...both('softmax rows of 49', '9600 49', op('softmax')),
  ...both('softmax of classes', '2 14 320 320', op('softmax', { axis: 1 })),
  alone('sum of rows', '25600 96', op('sum', { axes: [1] })),
  alone('sum of columns', '25600 96', op('sum', { axes: [0] })),
  alone('sum of planes', '2 48 102400', op('sum', { axes: [0, 2] })),
  alone('sum', '9830400', op('sum', { axes: [0] })),
  alone('sum of squares', '9830400', op('sum_squares')),
  ...both('cross entropy', '1 14 320 320, i1 320 320', op('cross_entropy')),
  ...both('dice', '1 14 320 320, i1 320 320', op('dice_loss')),
  ...both('max pool', '1 96 160 160', op('max_pool2d', { kernel_size: 2 })),
  ...both('average pool', '1 96 160 160', op('avg_pool2d', { kernel_size: 2 })),
  ...both('upsample bilinear', '1 96 80 80', op('upsample', { mode: 'bilinear' })),
  ...both('upsample nearest', '1 96 80 80', op('upsample', { mode: 'nearest' })),
  alone('adamw', '4915200, 4915200, 4915200, 4915200, 8, , ', op('adamw_step')),
  alone('sgd', '4915200, 4915200, 4915200, 8, , ', op('sgd_step')),
  ...both('relative position bias', '169 6', op('relative_position_bias', { window: [7, 7] })),
];

/** Milliseconds of the best run, of some that take 10 ms together. */
function best(run: () => void): number {
  run();
  let least = Number.POSITIVE_INFINITY;
  const start = performance.now();
  for (let n = 0; n < 5 || performance.now() - start < 500; n++) {
    const before = process.cpuUsage();
    const first = performance.now();
    let runs = 0;
    for (; runs === 0 || performance.now() - first < 10; runs++) run();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000 / runs);
  }
  return least;
}

/** By output of an op, the operand whose memory it is. */
function overwrites(name: string): Readonly<Record<number, number>> {
  const found = ops.get(name);
  if (found?.kind !== 'primitive' || found.lowering.kind !== 'kernels') return {};
  return found.lowering.inPlace ?? {};
}

function time({ operands, build, gradient }: Case) {
  const b = new GraphBuilder(ops);
  const sources = operands.split(',').map((text, i) => {
    const [, labels, sizes] = /^(i?)(.*)$/.exec(text.trim())!;
    const shape = sizes === '' ? [] : sizes.split(' ').map(Number);
    return b.source('input', `operand${i}`, shape, labels ? 'i32' : 'f32');
  });
  const results = build(b, sources);
  let ends: readonly ValueId[] = [...sources, ...results];
  const entries: Record<string, ReturnType<GraphBuilder['build']>> = {};
  if (gradient) {
    const seed = b.source('input', 'seed', b.shape(results[0]));
    const wanted = sources.filter((v) => b.dtype(v) === 'f32');
    const gradients = differentiate(b, new Map([[results[0], seed]]), wanted) as ValueId[];
    gradients.forEach((g, i) => {
      b.output(`gradient${i}`, g);
    });
    ends = [...sources, seed, ...gradients];
  } else {
    const [node] = b.build().nodes.slice(-1);
    const inPlace = overwrites(node.op);
    results.forEach((y, i) => {
      if (i in inPlace) b.update([sources[inPlace[i]]], y);
      else b.output(`result${i}`, y);
    });
  }
  entries['run'] = b.build();
  const program = planProgram(entries, ops, kernelRenderer(), {
    model: 'bench',
    batch: 1,
    target: cpuTarget,
  });
  const wasm = new WasmProgram(program, { bounds: 'trusted', relaxed: false });
  for (const tensor of program.tensors) {
    const view = wasm.view(tensor);
    const value =
      tensor.dtype === 'i32' ? (i: number) => i % 3 : (i: number) => ((i * 7919) % 1000) / 1000 + 0.1;
    for (let i = 0; i < view.length; i++) view[i] = value(i);
  }
  const bytes = ends.reduce((n, v) => n + 4 * elementCount(b.shape(v)), 0);
  return { ms: best(() => wasm.run('run')), bytes, dispatches: program.entries['run'].dispatches.length };
}

const from = new Float32Array(2_457_600);
const to = new Float32Array(from.length);
const copied = best(() => to.set(from));
console.log(
  `one thread, Node ${process.versions.node}; a copy of ${4 * from.length} bytes: ${((8 * from.length) / copied / 1e6).toFixed(1)} GB/s`,
);
for (const c of cases.filter(({ name }) => name.includes(process.argv[2] ?? ''))) {
  const { ms, bytes, dispatches } = time(c);
  console.log(
    `${c.name.padEnd(34)} ${ms.toFixed(2).padStart(8)} ms ${(bytes / ms / 1e6).toFixed(1).padStart(6)} GB/s  ${dispatches} dispatches`,
  );
}
