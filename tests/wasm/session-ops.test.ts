import { describe, expect, test } from 'vitest';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { cpuTarget } from '../../src/kernels/targets.ts';
import { ops } from '../../src/ops/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { WasmSession } from '../../src/runtime/wasm/wasm-session.ts';
import { compileProgram } from '../../src/wasm/compile-program.ts';
import { caseNames, opCase, relativeError } from '../ops/cases.ts';
import { resultsIn } from '../ops/in-session.ts';

/** float32 kernels against float64 truths, relative to the tensor's largest value: as on WebGPU. */
const TOLERANCE = 1e-4;

/** Of how many fixtures one is run by other numbers of threads, too: each thread takes some 50 ms to start. */
const SOME = 6;
const otherCounts = [1, 3, 8];

/** By one thread all fixtures run in ops.test.ts in every run. */
const names = process.env['ARCHC_FULL'] === '1' ? caseNames : caseNames.filter((_, i) => i % 2 === 0);

describe('op fixtures on the CPU device', () => {
  test.each(names)('%s', async (name) => {
    const fixture = opCase(name);
    const { graph, expected } = fixture;
    const program = planProgram({ forward: graph }, ops, kernelRenderer(), {
      model: 'case',
      batch: 1,
      target: cpuTarget,
    });
    const module = compileProgram(program, { bounds: 'trusted', relaxed: false });
    const resultsOn = async (threads: number) =>
      resultsIn(await WasmSession.create(program, module, { threads }), fixture);
    const results = await resultsOn(2);
    for (const [key, truth] of expected)
      expect(relativeError(results.get(key)!, truth), key).toBeLessThan(TOLERANCE);
    // Bit for bit, whatever the threads: also the caller's alone.
    const k = caseNames.indexOf(name);
    const others = k % SOME === 0 ? [otherCounts[(k / SOME) % otherCounts.length]] : [];
    for (const threads of [0, ...others]) {
      const same = await resultsOn(threads);
      for (const [key, data] of results)
        expect(
          Buffer.from(same.get(key)!.buffer).equals(Buffer.from(data.buffer)),
          `${key}, ${threads}`,
        ).toBe(true);
    }
  });
});
