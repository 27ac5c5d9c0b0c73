import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../adapter/acquire.ts';
import { kernelRenderer } from '../compiler/renderer.ts';
import { GraphBuilder } from '../ir/builder.ts';
import { ops } from '../ops/index.ts';
import { webgpuBackend } from './webgpu.ts';

let device: AcquiredDevice;
beforeAll(async () => {
  device = await acquireDevice();
});
afterAll(() => device?.destroy());

test('graphs are checked where that is asked for', async () => {
  const b = new GraphBuilder(ops);
  const y = b.apply('silu', [b.source('input', 'x', [4])]);
  b.output('y', y);
  const graph = b.build();
  const broken = { ...graph, values: graph.values.map((v) => (v.id === y ? { ...v, shape: [4, 1] } : v)) };
  const prepared = (verify: boolean) =>
    webgpuBackend(ops, kernelRenderer(), device, { verify }).prepare({ forward: broken }, 'broken', 1);
  await expect(prepared(true)).rejects.toThrow(/before the first pass.*silu/);
  // Its kernels do not tell [4] from [4, 1].
  (await prepared(false)).destroy();
});
