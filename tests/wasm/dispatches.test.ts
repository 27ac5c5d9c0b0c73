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
/** Those of the largest convolution take the interpreter a minute, those of the others a second or two. */
const slow = ['conv2d.7', 'conv2d.0', 'selective_scan.2', 'window_attention.1', 'window_attention.2'];
const names = full ? caseNames : caseNames.filter((name) => !slow.includes(name));

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
