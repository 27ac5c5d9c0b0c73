import { expect, test } from 'vitest';
import { referenceBackend } from '../../src/backend/reference.ts';
import { openModel } from '../../src/files/open.ts';
import { ops } from '../../src/ops/index.ts';
import { useBackend } from '../device.ts';
import { checkGradients } from './gradient-check.ts';

const reference = referenceBackend(ops);
const device = useBackend();

const small = { size: '<32,32>', dims: '<4,4,8,16,32>', depths: '<1,1,1,1>', d_state: '2', classes: '3' };

/** The shipped default is checked by fixtures in every run (tests/parity), so outside the full run here the other. */
const decoders = process.env['ARCHC_FULL'] === '1' ? ['residual', 'expanding'] : ['expanding'];

test.each(decoders)('swin-umamba with the %s decoder has right gradients', async (decoder) => {
  const model = openModel('swin-umamba', { set: { ...small, decoder }, batch: 1 });
  expect(model.config['decoder']).toBe(decoder);
  const { numeric, analytic, deviceError } = await checkGradients(model, reference, device(), 7);
  // Central differences of step 1e-7 leave about 1e-8 in float64: rounding of the loss over the step.
  expect(Math.abs(numeric - analytic) / Math.max(Math.abs(analytic), 1)).toBeLessThan(1e-5);
  expect(deviceError).toBeLessThan(1e-4);
});

test('the variants differ in their decoder only', () => {
  const names = (decoder: string) =>
    openModel('swin-umamba', { set: { ...small, decoder } }).parameters.map((p) => p.name);
  const encoder = (all: string[]) => all.filter((n) => n.startsWith('stem') || n.startsWith('vssm_encoder'));
  expect(encoder(names('expanding'))).toEqual(encoder(names('residual')));
  expect(names('expanding').some((n) => n.startsWith('decoder.stages.'))).toBe(true);
  expect(names('residual').some((n) => n.startsWith('encoder1.'))).toBe(true);
});
