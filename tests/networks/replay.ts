import { expect } from 'vitest';
import { trainingEntries } from '../../src/autodiff/entries.ts';
import { trainSection } from '../../src/compiler/model.ts';
import { planPortably } from '../../src/compiler/portable.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import { namedTarget } from '../../src/kernels/targets.ts';
import { ops } from '../../src/ops/index.ts';

/** Of which kernels and limits differ. */
export const replayTargets = ['webgpu-default', 'nvidia'];

/**
 * Plans a network's forward pass alone, and all that training may ask for, and looks what each dispatch finds in memory.
 *
 * @throws Error that says what reads something else than it should
 */
export function replayNetwork(
  spec: string,
  target: string,
  options: Parameters<typeof openModel>[1] = {},
): void {
  const renderer = kernelRenderer();
  const plan = { target: namedTarget(target), verify: true };
  const model = openModel(spec, options);
  planPortably(model, { forward: model.graph }, renderer, plan);
  const training = openModel(spec, { ...options, training: true });
  const section = trainSection(training);
  const more = { predictor: model, accumulate: true, ema: true };
  const { entries } = trainingEntries(training, section, section.optimizer, ops, more);
  const program = planPortably(training, { forward: model.graph, ...entries }, renderer, plan);
  expect(Object.keys(program.entries)).toHaveLength(7);
}
