import { describe, test } from 'vitest';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { cpuTarget, namedTarget } from '../../src/kernels/targets.ts';
import { ops } from '../../src/ops/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { WasmProgram } from '../../src/wasm/execute.ts';
import { caseNames, opCase } from '../ops/cases.ts';
import { checkDispatches } from './check-dispatches.ts';

/**
 * Every dispatch of every op's plan, compiled and interpreted from the same memory. No kernel reaches beyond an end:
 * that indices which follow from no data may be trusted rests on it.
 */
const full = process.env['ARCHC_FULL'] === '1';
const targets = full ? [cpuTarget, namedTarget('webgpu-default'), namedTarget('webgpu-gpu')] : [cpuTarget];
/** But for the one of the largest convolution, which the interpreter takes a minute for. */
const names = full ? caseNames : caseNames.filter((name) => name !== 'conv2d.7');

describe.each(targets)('dispatches planned for $name', (target) => {
  test.each(names)('%s', (name) => {
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
    checkDispatches(program, wasm);
  });
});
