import { describe, expect, test } from 'vitest';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { cpuTarget, namedTarget } from '../../src/kernels/targets.ts';
import { ops } from '../../src/ops/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { WasmProgram } from '../../src/wasm/execute.ts';
import { interpretKernel } from '../../src/wasm/interpret/interpret.ts';
import { checkModule } from '../../src/wasm/wgsl/check-module.ts';
import { caseNames, opCase } from '../ops/cases.ts';

/** Polynomials beside the functions of float64, in sums: relative to the binding's largest value. */
const TOLERANCE = 2e-5;

/**
 * Every dispatch of every op's plan, compiled and interpreted from the same memory. No kernel reaches beyond an end:
 * that indices which follow from no data may be trusted rests on it.
 */
const targets =
  process.env['ARCHC_FULL'] === '1'
    ? [cpuTarget, namedTarget('webgpu-default'), namedTarget('webgpu-gpu')]
    : [cpuTarget];

describe.each(targets)('dispatches planned for $name', (target) => {
  test.each(caseNames)('%s', (name) => {
    const { graph, feeds } = opCase(name);
    const program = planProgram({ forward: graph }, ops, kernelRenderer(), {
      model: 'case',
      batch: 1,
      target,
    });
    const wasm = new WasmProgram(program, { bounds: 'trusted', relaxed: false });
    for (const tensor of program.tensors) {
      const feed = feeds.get(tensor.name);
      if (feed) wasm.view(tensor).set(feed.data);
    }
    for (const d of program.entries['forward'].dispatches) {
      const args = wasm.argumentsOf(d);
      const kernel = wasm.kernels[d.kernel].name;
      const before = wasm.memory.buffer.slice(0);
      const ranges = wasm.bindingsOf(d);
      const views = new Map([...ranges].map(([n, [at, bytes]]) => [n, new DataView(before, at, bytes)]));
      const { clamped } = interpretKernel(checkModule(program.kernels[d.kernel].wgsl), views, d.workgroups);
      expect(clamped, `accesses of ${kernel} beyond an end`).toBe(0);
      wasm.functions[d.kernel](...args);
      for (const [at, bytes] of ranges.values()) {
        const truth = new Float32Array(before, at, bytes / 4);
        const found = new Float32Array(wasm.memory.buffer, at, bytes / 4);
        const largest = truth.reduce((m, x) => (Number.isFinite(x) ? Math.max(m, Math.abs(x)) : m), 1e-30);
        const wrong = truth.findIndex(
          (x, i) => !(Object.is(x, found[i]) || Math.abs(x - found[i]) <= TOLERANCE * largest),
        );
        expect(wrong, `${kernel}: ${truth[wrong]} became ${found[wrong]}`).toBe(-1);
      }
    }
  });
});
