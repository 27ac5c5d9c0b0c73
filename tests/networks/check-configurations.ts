import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acquireDevice } from '../../src/adapter/acquire.ts';
import { trainingEntries } from '../../src/autodiff/entries.ts';
import type { Backend } from '../../src/backend/backend.ts';
import { referenceBackend } from '../../src/backend/reference.ts';
import { webgpuBackend } from '../../src/backend/webgpu.ts';
import { trainSection } from '../../src/compiler/model.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { SpecError } from '../../src/compiler/spec-error.ts';
import { openModel } from '../../src/files/open.ts';
import { verifyGraph } from '../../src/ir/verify.ts';
import { portableLimits, portableTarget } from '../../src/kernels/targets.ts';
import { ops } from '../../src/ops/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { type Configuration, illegal, legal } from './configurations.ts';
import { checkGradients } from './gradient-check.ts';

export interface Runs {
  /** Legal configurations that are elaborated, verified and planned, a network. */
  readonly planned: number;
  /** Those whose gradients are checked by central differences of the float64 loss. */
  readonly differentiated: number;
  /** Those whose gradients on WebGPU are compared with the float64 ones. */
  readonly onWebgpu: number;
  /** Configurations with a mistake. */
  readonly refused: number;
}

const seed = 20240205;

/** Tests of random configurations of every shipped network. */
export function describeConfigurations(runs: Runs): void {
  const reference = referenceBackend(ops);
  const renderer = kernelRenderer();
  let webgpu: Backend;
  beforeAll(async () => {
    if (runs.onWebgpu > 0) webgpu = webgpuBackend(ops, renderer, await acquireDevice());
  });
  afterAll(() => webgpu?.destroy());

  describe.each(Object.keys(legal))('%s', (net) => {
    test('elaborates, verifies and plans within portable limits', () => {
      const property = fc.property(legal[net], (set) => {
        const model = openModel(net, { set });
        expect(verifyGraph(model.graph, ops)).toEqual([]);
        const section = trainSection(model);
        const forTraining = openModel(net, { set, batch: 2, training: true });
        const step = trainingEntries(forTraining, section, section.optimizer, ops).entries;
        for (const graph of Object.values(step)) expect(verifyGraph(graph, ops)).toEqual([]);
        for (const [graphs, batch] of [[{ forward: model.graph }, 1] as const, [step, 2] as const]) {
          const { requires, entries } = planProgram(graphs, ops, renderer, {
            model: net,
            batch,
            target: portableTarget,
          });
          const { minStorageBufferOffsetAlignment, features, ...most } = requires;
          expect(features).toEqual([]);
          expect(portableLimits.minStorageBufferOffsetAlignment % minStorageBufferOffsetAlignment).toBe(0);
          for (const [limit, needed] of Object.entries(most)) {
            expect(needed, limit).toBeLessThanOrEqual(portableLimits[limit as keyof typeof most]);
          }
          for (const { workgroups } of Object.values(entries).flatMap((e) => e.dispatches)) {
            expect(Math.max(...workgroups)).toBeLessThanOrEqual(
              portableLimits.maxComputeWorkgroupsPerDimension,
            );
          }
        }
      });
      fc.assert(property, { seed, numRuns: runs.planned, endOnFailure: true });
    });

    test('has the gradients of its loss', async () => {
      let run = 0;
      const property = fc.asyncProperty(legal[net], async (set) => {
        const model = openModel(net, { set });
        const backend = run++ < runs.onWebgpu ? webgpu : undefined;
        let off = Number.POSITIVE_INFINITY;
        // A norm of two or three values bends so sharply that no one step is right for all configurations.
        for (const step of [1e-7, 1e-6, 1e-5, 1e-8]) {
          const { numeric, analytic, deviceError, float32Error } = await checkGradients(
            model,
            reference,
            off === Number.POSITIVE_INFINITY ? backend : undefined,
            7,
            step,
          );
          // Norms of one or two values magnify rounding: as in the parity tests, ten times what float32 must lose.
          expect(deviceError ?? 0).toBeLessThan(1e-4 + 10 * (float32Error ?? 0));
          off = Math.min(off, Math.abs(numeric - analytic) / Math.max(Math.abs(analytic), 1));
          if (off < 1e-5) break;
        }
        expect(off).toBeLessThan(1e-5);
      });
      await fc.assert(property, { seed, numRuns: runs.differentiated, endOnFailure: true });
    });

    test('refuses a mistake with one error at a line', () => {
      const property = fc.property(illegal[net], (set) => {
        const found = diagnostics(net, set);
        expect(found.map((d) => d.code)).toHaveLength(1);
        expect(found[0].line).toBeDefined();
      });
      fc.assert(property, { seed, numRuns: runs.refused, endOnFailure: true });
    });
  });
}

/** What is wrong with a configuration, with the text of the line pointed at. */
function diagnostics(net: string, set: Configuration): { code: string; line: string | undefined }[] {
  try {
    openModel(net, { set });
  } catch (e) {
    if (!(e instanceof SpecError)) throw e;
    return e.diagnostics.map(({ code, span }) => {
      return { code, line: e.loaded.sources.get(span.file)?.split('\n')[span.line - 1] };
    });
  }
  return [];
}
