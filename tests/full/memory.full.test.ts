import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../../src/adapter/acquire.ts';
import { trainingEntries } from '../../src/autodiff/entries.ts';
import { trainSection } from '../../src/compiler/model.ts';
import { planPortably } from '../../src/compiler/portable.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import { shippedNames } from '../../src/files/spec-files.ts';
import { ops } from '../../src/ops/index.ts';
import { valuesBytes } from '../../src/plan/budget.ts';
import { bytesText } from '../../src/program/bytes-text.ts';
import type { Program } from '../../src/program/program.ts';
import { makeBuffers } from '../../src/runtime/webgpu/prepare.ts';
import { counting } from '../runtime/counting.ts';

/** Every shipped network at its default size: what the plan says of memory is what is created, on any adapter. */
const shipped = shippedNames();

/** Programs beyond this are planned only. */
const MOST = 3 * 2 ** 30;

let acquired: AcquiredDevice;
beforeAll(async () => {
  acquired = await acquireDevice();
});
afterAll(() => acquired?.destroy());

async function checked(name: string, program: Program): Promise<void> {
  const sizes = program.buffers.map(({ size }) => size);
  const peaks = Object.entries(program.entries).map(([entry, { peak }]) => `${entry} ${bytesText(peak)}`);
  console.log(
    `${name}: ${bytesText(program.bytes)} in ${sizes.length} buffers; values at once: ${peaks.join(', ')}`,
  );
  expect(program.bytes).toBe(sizes.reduce((a, b) => a + b, 4 * program.uniforms.length));
  const values = valuesBytes(program.buffers);
  for (const [entry, { peak }] of Object.entries(program.entries))
    expect(peak, entry).toBeLessThanOrEqual(values);
  expect(Math.max(...sizes)).toBe(program.requires.maxBufferSize);
  if (program.bytes > MOST) return;
  const counted = counting(acquired.device);
  const made: GPUBuffer[] = [];
  try {
    await makeBuffers(counted.device, program, made);
    expect(counted.bytes).toBe(program.bytes);
  } finally {
    for (const buffer of made) buffer.destroy();
  }
  expect(counted.live.size).toBe(0);
}

test.each(shipped)('%s: forward and training', async (spec) => {
  const renderer = kernelRenderer();
  const model = openModel(spec);
  await checked(`${spec} forward`, planPortably(model, { forward: model.graph }, renderer));
  const training = openModel(spec, { training: true });
  const section = trainSection(training);
  const { entries } = trainingEntries(training, section, section.optimizer, ops, { predictor: model });
  const program = planPortably(model, { forward: model.graph, ...entries }, renderer);
  await checked(`${spec} training`, program);
  expect(program.buffers.filter(({ kind }) => kind === 'weights').length).toBe(
    Math.ceil(
      program.tensors
        .filter((t) => t.kind === 'param' || t.kind === 'buffer')
        .reduce((n, t) => n + 4 * t.shape.reduce((a, b) => a * b, 1), 0) /
        2 ** 28,
    ),
  );
});
