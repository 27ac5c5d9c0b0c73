/**
 * Times selective_scan forward, and forward with all gradients, on the chosen adapter.
 *
 *   npm run bench scan [runs]
 */
import { acquireDevice } from '../src/adapter/acquire.ts';
import { differentiate } from '../src/autodiff/gradients.ts';
import { deviceTarget } from '../src/backend/device-target.ts';
import { kernelRenderer } from '../src/compiler/renderer.ts';
import { GraphBuilder } from '../src/ir/builder.ts';
import { elementCount, type Shape } from '../src/ir/graph.ts';
import { ops } from '../src/ops/index.ts';
import { planProgram } from '../src/plan/plan.ts';
import { WebgpuSession } from '../src/runtime/webgpu/session.ts';

interface Case {
  readonly batch: number;
  /** Channels of each of the four groups. */
  readonly depth: number;
  readonly length: number;
  readonly states: number;
  readonly backward: boolean;
}

const cases: readonly Case[] = [
  { batch: 4, depth: 32, length: 576, states: 8, backward: true },
  { batch: 4, depth: 64, length: 144, states: 8, backward: true },
  { batch: 4, depth: 128, length: 36, states: 8, backward: true },
  { batch: 4, depth: 256, length: 9, states: 8, backward: true },
  { batch: 1, depth: 192, length: 6400, states: 16, backward: true },
  { batch: 1, depth: 192, length: 25600, states: 16, backward: false },
];
const GROUPS = 4;
const runs = Number(process.argv[2] ?? 5);

const acquired = await acquireDevice();
console.log(acquired.description);
for (const c of cases) {
  const forward = await time(c, false);
  const both = c.backward ? await time(c, true) : undefined;
  const name = `[${c.batch}, ${GROUPS}·${c.depth}, ${c.length}] N ${c.states}`;
  const backward = both
    ? `, backward ${(both.ms - forward.ms).toFixed(1)} ms (${both.dispatches - forward.dispatches} dispatches)`
    : '';
  console.log(
    `${name}: forward ${forward.ms.toFixed(1)} ms (${forward.dispatches} dispatches)${backward}; ` +
      `memory ${((both ?? forward).bytes / 2 ** 20).toFixed(1)} MiB, first run ${(both ?? forward).cold.toFixed(0)} ms`,
  );
}
acquired.destroy();

/** Best of several runs, in ms. */
async function time({ batch, depth, length, states }: Case, gradients: boolean) {
  const b = new GraphBuilder(ops);
  const channels = GROUPS * depth;
  const shapes: Record<string, Shape> = {
    u: [batch, channels, length],
    delta: [batch, channels, length],
    A_log: [channels, states],
    B: [batch, GROUPS, states, length],
    C: [batch, GROUPS, states, length],
    D: [channels],
    delta_bias: [channels],
  };
  const inputs = Object.entries(shapes).map(([name, shape]) => b.source('input', name, shape));
  const y = b.apply('selective_scan', inputs);
  if (gradients) {
    differentiate(b, new Map([[y, b.source('input', 'dy', b.shape(y))]]), inputs).forEach((g, i) => {
      b.output(`grad.${i}`, g!);
    });
  }
  b.output('y', y);
  const target = deviceTarget(acquired);
  const program = planProgram({ forward: b.build() }, ops, kernelRenderer(), {
    model: 'scan',
    batch,
    target,
  });
  const session = await WebgpuSession.create(acquired.device, program);
  for (const [name, shape] of Object.entries({ ...shapes, dy: shapes['u'] })) {
    if (!session.has('input', name)) continue;
    const shift = name === 'delta_bias' ? -4 : 0;
    session.write(
      'input',
      name,
      Float32Array.from({ length: elementCount(shape) }, (_, i) => Math.sin(i * 12.9898) + shift),
    );
  }
  const run = async () => {
    const start = performance.now();
    session.run('forward');
    await acquired.device.queue.onSubmittedWorkDone();
    return performance.now() - start;
  };
  const cold = await run();
  let ms = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) ms = Math.min(ms, await run());
  const { bytes } = session;
  session.destroy();
  return { ms, cold, bytes, dispatches: program.entries['forward'].dispatches.length };
}
