import { afterAll, describe, expect, test } from 'vitest';
import { acquireDevice } from '../../src/adapter/acquire.ts';
import { deviceTarget } from '../../src/backend/device-target.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import { elementCount } from '../../src/ir/graph.ts';
import type { Target } from '../../src/ir/target.ts';
import { ops } from '../../src/ops/index.ts';
import { runPasses } from '../../src/passes/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { WebgpuSession } from '../../src/runtime/webgpu/session.ts';
import { relativeError } from '../ops/cases.ts';
import { feed, runReference } from '../ops/run.ts';
import { HALF_EPSILON } from './half.ts';

/** Relative to the largest value of an output, after some ten values in a row that are rounded. */
const TOLERANCE = 4 * HALF_EPSILON;

const acquired = await acquireDevice();
afterAll(() => acquired.destroy());
const { graph, name: model, batch } = openModel('tests/networks/split.arch', { batch: 4 });

/** Outside the full run the one of most parts. */
const sizes = process.env['ARCHC_FULL'] === '1' ? [16384, 8192, 6144] : [6144];

/** The machine's adapter, as if its bindings held no more than so many bytes. */
function narrow(bytes: number): Target {
  const target = deviceTarget(acquired);
  return { ...target, limits: { ...target.limits, maxStorageBufferBindingSize: bytes } };
}

describe.runIf(acquired.device.features.has('shader-f16'))('tensors larger than a binding', () => {
  test.each(sizes)('of %i bytes are parts in half precision', async (bytes) => {
    const target = narrow(bytes);
    const { nodes, values } = runPasses(graph, { ops, target, precision: 'f16' }, { verify: true });
    const parts = nodes.filter(({ op }) => op === 'part' || op === 'join').flatMap((node) => node.outputs);
    expect(parts.filter((v) => values[v].storage === 'f16').length).toBeGreaterThan(0);

    const feeds = Object.fromEntries(
      graph.sources.map(({ name, value }) => [
        name,
        Float32Array.from({ length: elementCount(graph.values[value].shape) }, (_, i) =>
          Math.sin(1.3 * i + value),
        ),
      ]),
    );
    const plan = { model, batch, target, precision: 'f16', verify: true } as const;
    const program = planProgram({ forward: graph }, ops, kernelRenderer(), plan);
    expect(program.requires.maxStorageBufferBindingSize).toBeLessThanOrEqual(bytes);
    const session = await WebgpuSession.create(acquired.device, program);
    feed(session, graph, feeds);
    session.run('forward');
    const wanted = runReference(graph, feeds);
    for (const [name, found] of await session.readOutputs('forward', [...wanted.keys()])) {
      expect(relativeError(found, wanted.get(name)!), name).toBeLessThan(TOLERANCE);
    }
    session.destroy();
  });
});
