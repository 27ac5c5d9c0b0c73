import { expect, test } from 'vitest';
import { trainingEntries } from '../../src/autodiff/entries.ts';
import { trainSection } from '../../src/compiler/model.ts';
import { planPortablyWithin } from '../../src/compiler/portable.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import { shippedNames } from '../../src/files/spec-files.ts';
import { ops } from '../../src/ops/index.ts';
import { valuesBytes } from '../../src/plan/budget.ts';

const shipped = shippedNames();

test.each(shipped)('%s trains at full size with half the memory for its values', (spec) => {
  const renderer = kernelRenderer();
  const model = openModel(spec, { training: true });
  const section = trainSection(model);
  const { entries } = trainingEntries(model, section, section.optimizer, ops);
  const { program: whole } = planPortablyWithin(model, entries, renderer);
  const memory = whole.bytes - Math.ceil(valuesBytes(whole.buffers) / 2);
  const { program, recomputation } = planPortablyWithin(model, entries, renderer, { memory, verify: true });
  expect(program.bytes).toBeLessThanOrEqual(memory);
  const [{ nodes, extra_macs, macs }] = recomputation!.entries;
  console.log(
    `${spec}: ${whole.bytes} → ${program.bytes} bytes, ${nodes} nodes again, ${((100 * extra_macs) / macs).toFixed(1)} % more multiply-adds`,
  );
  // One more forward pass at most, which is a third of a step.
  expect(extra_macs / macs).toBeLessThan(1 / 3);
});
