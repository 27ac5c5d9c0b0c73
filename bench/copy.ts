/**
 * Copying ops at the shapes of a segmentation network's maps: milliseconds a run and bytes moved (read and
 * written) a second. `npm run bench copy`
 */
import { acquireDevice } from '../src/adapter/acquire.ts';
import { deviceTarget } from '../src/backend/device-target.ts';
import { kernelRenderer } from '../src/compiler/renderer.ts';
import { GraphBuilder } from '../src/ir/builder.ts';
import { type Attrs, elementCount } from '../src/ir/graph.ts';
import { ops } from '../src/ops/index.ts';
import { planProgram } from '../src/plan/plan.ts';
import { WebgpuSession } from '../src/runtime/webgpu/session.ts';

const cases: readonly (readonly [op: string, shapes: readonly (readonly number[])[], attrs: Attrs])[] = [
  ['exp', [[2, 96, 80, 80]], {}],
  ['permute', [[2, 96, 80, 80]], { axes: [0, 2, 3, 1] }],
  ['permute', [[2, 80, 80, 96]], { axes: [0, 3, 1, 2] }],
  ['permute', [[2, 768, 10, 10]], { axes: [0, 2, 3, 1] }],
  ['permute', [[2, 10, 10, 768]], { axes: [0, 3, 1, 2] }],
  ['slice', [[2, 80, 80, 192]], { axis: 3, start: 96, end: 192 }],
  [
    'concat',
    [
      [2, 48, 80, 80],
      [2, 48, 80, 80],
    ],
    { axis: 1 },
  ],
  [
    'concat',
    [
      [2, 80, 80, 48],
      [2, 80, 80, 48],
    ],
    { axis: 3 },
  ],
  ['patch_merge', [[2, 80, 80, 96]], {}],
  ['pad', [[2, 96, 80, 80]], { padding: [1, 1, 1, 1] }],
  ['roll', [[2, 80, 80, 96]], { shifts: [-3, -3], axes: [1, 2] }],
  ['upsample', [[2, 96, 40, 40]], { mode: 'bilinear' }],
  ['max_pool2d', [[2, 96, 160, 160]], { kernel_size: 2 }],
];

const acquired = await acquireDevice();
const target = deviceTarget(acquired);
for (const [op, shapes, attrs] of cases) {
  const b = new GraphBuilder(ops);
  const y = b.apply(
    op,
    shapes.map((s, i) => b.source('input', `x${i}`, s)),
    attrs,
  );
  b.output('y', y);
  const session = await WebgpuSession.create(
    acquired.device,
    planProgram({ forward: b.build() }, ops, kernelRenderer(), { model: op, batch: 1, target }),
  );
  const bytes = 4 * (shapes.reduce((n, s) => n + elementCount(s), 0) + elementCount(b.shape(y)));
  session.run('forward');
  await acquired.device.queue.onSubmittedWorkDone();
  // The fastest of many runs: what else the machine does only makes a run slower.
  let ms = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 30; i++) {
    const start = performance.now();
    session.run('forward');
    await acquired.device.queue.onSubmittedWorkDone();
    ms = Math.min(ms, performance.now() - start);
  }
  session.destroy();
  const what = `${op} of ${shapes.map((s) => `[${s}]`).join(' ')} ${JSON.stringify(attrs)}`;
  console.log(`${ms.toFixed(2).padStart(8)} ms ${(bytes / ms / 1e6).toFixed(2).padStart(6)} GB/s  ${what}`);
}
acquired.destroy();
