import { afterAll, beforeAll, expect, test } from 'vitest';
import { acquireDevice } from '../../src/adapter/acquire.ts';
import type { Backend } from '../../src/backend/backend.ts';
import { referenceBackend } from '../../src/backend/reference.ts';
import { webgpuBackend } from '../../src/backend/webgpu.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import { ops } from '../../src/ops/index.ts';
import { checkGradients } from './gradient-check.ts';

const reference = referenceBackend(ops);
let webgpu: Backend;
beforeAll(async () => {
  webgpu = webgpuBackend(ops, kernelRenderer(), await acquireDevice());
});
afterAll(() => webgpu?.destroy());

const small = { size: '<32,32>', dims: '<4,4,8,16,32>', depths: '<1,1,1,1>', d_state: '2', classes: '3' };

test.each(['residual', 'expanding'])(
  'swin-umamba with the %s decoder has right gradients',
  async (decoder) => {
    const model = openModel('swin-umamba', { set: { ...small, decoder }, batch: 1 });
    expect(model.config['decoder']).toBe(decoder);
    const { numeric, analytic, webgpuError } = await checkGradients(model, reference, webgpu, 7);
    // Central differences of step 1e-7 leave about 1e-8 in float64: rounding of the loss over the step.
    expect(Math.abs(numeric - analytic) / Math.max(Math.abs(analytic), 1)).toBeLessThan(1e-5);
    expect(webgpuError).toBeLessThan(1e-4);
  },
);

test('the variants differ in their decoder only', () => {
  const names = (decoder: string) =>
    openModel('swin-umamba', { set: { ...small, decoder } }).parameters.map((p) => p.name);
  const encoder = (all: string[]) => all.filter((n) => n.startsWith('stem') || n.startsWith('vssm_encoder'));
  expect(encoder(names('expanding'))).toEqual(encoder(names('residual')));
  expect(names('expanding').some((n) => n.startsWith('decoder.stages.'))).toBe(true);
  expect(names('residual').some((n) => n.startsWith('encoder1.'))).toBe(true);
});
