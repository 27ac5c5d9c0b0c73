import { describe, expect, test } from 'vitest';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { cpuTarget } from '../../src/kernels/targets.ts';
import { ops } from '../../src/ops/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { WasmProgram } from '../../src/wasm/execute.ts';
import { relativeError } from '../ops/cases.ts';
import { outputOf } from '../ops/check.ts';
import { rowSizes } from './row-sizes.ts';

// What is bound by memory, as WebAssembly, at sizes that no vector and no block divides: forward and gradients against float64.

/** float32 sums of a few thousand terms, relative to the largest value. */
const TOLERANCE = 2e-5;

describe.each(Object.entries(rowSizes))('%s', (_, make) => {
  const p = make();
  const program = planProgram({ forward: p.graph }, ops, kernelRenderer(), {
    model: 'probe',
    batch: 1,
    target: cpuTarget,
  });
  test.each(['trusted', 'clamp'] as const)('equals float64, indices %s', (bounds) => {
    const wasm = new WasmProgram(program, { bounds, relaxed: false });
    for (const tensor of program.tensors) {
      const source = p.graph.sources.find((s) => s.name === tensor.name);
      if (tensor.kind === 'input' && source)
        wasm.view(tensor).set(Float32Array.from(p.feeds.get(source.value)!.data));
    }
    wasm.run('forward');
    for (const output of program.entries['forward'].outputs) {
      const truth = outputOf(p, output.name).data;
      expect(relativeError(wasm.view(output), truth), output.name).toBeLessThan(TOLERANCE);
    }
  });
});
