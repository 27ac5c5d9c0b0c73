/**
 * Times normalisations, reductions, softmax, losses and optimizer steps, forward and with gradients, at the sizes
 * that networks have: `npm run bench normalisation [part of a name]`
 */
import { acquireDevice } from '../src/adapter/acquire.ts';
import { differentiate } from '../src/autodiff/gradients.ts';
import { deviceTarget } from '../src/backend/device-target.ts';
import { kernelRenderer } from '../src/compiler/renderer.ts';
import { GraphBuilder } from '../src/ir/builder.ts';
import { type Attrs, elementCount, type ValueId } from '../src/ir/graph.ts';
import { ops } from '../src/ops/index.ts';
import { planProgram } from '../src/plan/plan.ts';
import { WebgpuSession } from '../src/runtime/webgpu/session.ts';

const REPEATS = 12;

interface Case {
  readonly name: string;
  /** Shapes of the operands; `i32` ones are class ids. */
  readonly operands: readonly (readonly number[] | { readonly labels: readonly number[] })[];
  readonly attrs?: Attrs;
  readonly forwardOnly?: boolean;
}

const CASES: readonly Case[] = [
  { name: 'layer_norm', operands: [[12800, 96], [96], [96]] },
  { name: 'layer_norm', operands: [[12800, 96]] },
  { name: 'layer_norm', operands: [[3200, 384], [384], [384]] },
  { name: 'layer_norm', operands: [[200, 1536], [1536], [1536]] },
  { name: 'layer_norm', operands: [[100000, 32], [32], [32]] },
  { name: 'instance_norm', operands: [[2, 48, 320, 320], [48], [48]] },
  { name: 'instance_norm', operands: [[2, 96, 80, 80], [96], [96]] },
  { name: 'instance_norm', operands: [[2, 512, 5, 5], [512], [512]] },
  { name: 'group_norm', operands: [[2, 32, 160, 160], [32], [32]], attrs: { groups: 8 } },
  { name: 'batch_norm', operands: [[2, 32, 160, 160], [32], [32]] },
  { name: 'sum', operands: [[100000, 96]], attrs: { axes: [0] }, forwardOnly: true },
  { name: 'sum', operands: [[2, 48, 320, 320]], attrs: { axes: [0, 2, 3] }, forwardOnly: true },
  { name: 'sum', operands: [[9830400]], attrs: { axes: [0] }, forwardOnly: true },
  { name: 'sum', operands: [[100000, 96]], attrs: { axes: [1] }, forwardOnly: true },
  { name: 'sum_squares', operands: [[9830400]], forwardOnly: true },
  { name: 'softmax', operands: [[3200, 3, 49]] },
  { name: 'softmax', operands: [[2, 14, 320, 320]], attrs: { axis: 1 } },
  { name: 'cross_entropy', operands: [[2, 14, 320, 320], { labels: [2, 320, 320] }] },
  { name: 'dice_loss', operands: [[2, 14, 320, 320], { labels: [2, 320, 320] }] },
  {
    name: 'adamw_step',
    operands: [[9830400], [9830400], [9830400], [9830400], [8], [], []],
    forwardOnly: true,
  },
];

const acquired = await acquireDevice();
console.log(acquired.description);
for (const c of CASES.filter((k) => k.name.includes(process.argv[2] ?? ''))) {
  const times: string[] = [];
  for (const gradients of c.forwardOnly ? [false] : [false, true]) times.push(await time(c, gradients));
  console.log(
    `${c.name} ${JSON.stringify(c.operands)} ${JSON.stringify(c.attrs ?? {})}: ${times.join('; with gradients ')}`,
  );
}
acquired.destroy();

/** By output of an op, the operand whose memory it is. */
function overwrites(name: string): Readonly<Record<number, number>> {
  const op = ops.get(name);
  if (op?.kind !== 'primitive' || op.lowering.kind !== 'kernels') return {};
  return op.lowering.inPlace ?? {};
}

/**
 * Milliseconds of the fastest run; CPU time of all threads, which on a software adapter is the work whatever else
 * the machine does; and gigabytes a second if each operand and result moved once.
 */
async function time(c: Case, gradients: boolean): Promise<string> {
  const b = new GraphBuilder(ops);
  const data = new Map<string, Float32Array | Int32Array>();
  const operands = c.operands.map((o, i) => {
    const labels = 'labels' in o;
    const shape = labels ? o.labels : o;
    const n = elementCount(shape);
    data.set(
      `x${i}`,
      labels
        ? Int32Array.from({ length: n }, (_, k) => k % 3)
        : Float32Array.from({ length: n }, (_, k) => Math.sin(k)),
    );
    return b.source('input', `x${i}`, shape, labels ? 'i32' : 'f32');
  });
  const outputs = b.applyAll(c.name, operands, c.attrs);
  // What is overwritten is an update of its source: as an output it would be copied.
  const inPlace = overwrites(c.name);
  outputs.forEach((y, i) => {
    if (i in inPlace) b.update([operands[inPlace[i]]], y);
    else b.output(`y${i}`, y);
  });
  let moved = [...operands, ...outputs].reduce((n, v) => n + elementCount(b.shape(v)), 0);
  if (gradients) {
    const cot = b.source('input', 'cot', b.shape(outputs[0]));
    data.set('cot', new Float32Array(elementCount(b.shape(outputs[0]))).fill(1));
    const wrt = operands.filter((v) => b.dtype(v) === 'f32');
    const grads = differentiate(b, new Map([[outputs[0], cot]]), wrt) as ValueId[];
    grads.forEach((g, i) => {
      b.output(`g${i}`, g);
    });
    moved += [...operands, cot, ...grads].reduce((n, v) => n + elementCount(b.shape(v)), 0);
  }
  const target = deviceTarget(acquired);
  const program = planProgram({ forward: b.build() }, ops, kernelRenderer(), {
    model: 'bench',
    batch: 1,
    target,
  });
  const session = await WebgpuSession.create(acquired.device, program);
  for (const [name, values] of data) if (session.has('input', name)) session.write('input', name, values);
  let best = Number.POSITIVE_INFINITY;
  let cpu = Number.POSITIVE_INFINITY;
  for (let i = 0; i <= REPEATS; i++) {
    await acquired.device.queue.onSubmittedWorkDone();
    const start = performance.now();
    const used = process.cpuUsage();
    session.run('forward');
    await acquired.device.queue.onSubmittedWorkDone();
    // The first run compiles.
    if (i === 0) continue;
    best = Math.min(best, performance.now() - start);
    const { user, system } = process.cpuUsage(used);
    cpu = Math.min(cpu, (user + system) / 1000);
  }
  session.destroy();
  return `${best.toFixed(2)} ms (CPU ${cpu.toFixed(1)} ms, ${((4e-6 * moved) / best).toFixed(1)} GB/s, ${program.entries['forward'].dispatches.length} dispatches)`;
}
