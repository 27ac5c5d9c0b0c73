import { expect } from 'vitest';
import type { Program } from '../../src/program/program.ts';
import type { WasmProgram } from '../../src/wasm/execute.ts';
import { interpretKernel } from '../../src/wasm/interpret/interpret.ts';
import { checkModule } from '../../src/wasm/wgsl/check-module.ts';

/** Polynomials beside the functions of float64, in sums: relative to the binding's largest value. */
const TOLERANCE = 2e-5;

/** Runs each dispatch of the entry `forward`, and interprets it from the same memory. None reaches beyond an end. */
export function checkDispatches(program: Program, wasm: WasmProgram): void {
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
}
