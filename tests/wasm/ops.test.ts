import { describe, expect, test } from 'vitest';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { cpuTarget, namedTarget } from '../../src/kernels/targets.ts';
import { ops } from '../../src/ops/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { WasmProgram } from '../../src/wasm/execute.ts';
import { caseNames, opCase, relativeError } from '../ops/cases.ts';

/** float32 kernels against float64 truths, relative to the tensor's largest value: as on WebGPU. */
const TOLERANCE = 1e-4;

/** The kernels made for it; in the full run also those with tiles in registers and in workgroup memory of other targets. */
const targets =
  process.env['ARCHC_FULL'] === '1'
    ? [cpuTarget, namedTarget('webgpu-default'), namedTarget('webgpu-gpu')]
    : [cpuTarget];

describe.each(caseNames)('%s as WebAssembly', (name) => {
  test.each(targets)('forward and gradients equal the fixture, planned for $name', (target) => {
    const { graph, feeds, expected } = opCase(name);
    const program = planProgram({ forward: graph }, ops, kernelRenderer(), {
      model: 'case',
      batch: 1,
      target,
    });
    for (const bounds of ['trusted', 'clamp'] as const) {
      const wasm = new WasmProgram(program, { bounds, relaxed: false });
      for (const tensor of program.tensors) {
        const feed = feeds.get(tensor.name);
        if (tensor.kind === 'input' && feed) wasm.view(tensor).set(feed.data);
      }
      wasm.run('forward');
      for (const output of program.entries['forward'].outputs) {
        const truth = expected.get(output.name)!;
        expect(relativeError(wasm.view(output), truth), `${output.name}, ${bounds}`).toBeLessThan(TOLERANCE);
      }
    }
  });
});
