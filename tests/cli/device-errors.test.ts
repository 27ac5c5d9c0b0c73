import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { report } from '../../src/cli/report.ts';
import { PlanError } from '../../src/plan/plan-error.ts';
import { RuntimeError, type RuntimeErrorCode } from '../../src/runtime/runtime-error.ts';
import { WebgpuSession } from '../../src/runtime/webgpu/session.ts';
import { archc, expectFailure, json, temporaryFolder, tree } from './archc.ts';
import { TINY, writeDataset, writeInputs, writeWeights } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const weights = writeWeights(inFolder('weights.safetensors'));
const inputs = writeInputs(inFolder('inputs.safetensors'));
const data = writeDataset(inFolder('data'));
const before = tree(folder);

const output = inFolder('out/result.safetensors');
const webgpu = ['--backend', 'webgpu'];
const tensors = [TINY, '--weights', weights, '--input', inputs, '--output', output, ...webgpu];
const commands: Readonly<Record<string, readonly string[]>> = {
  run: ['run', ...tensors],
  grad: ['grad', ...tensors],
  fit: ['fit', ...tensors, '--steps', '3'],
  predict: [
    ...['predict', TINY, '--weights', weights, '--input', join(data, 'imagesTs')],
    ...['--output', inFolder('predictions'), ...webgpu],
  ],
  train: ['train', TINY, '--data', data, '--output', inFolder('trained'), '--steps', '3', ...webgpu],
};

afterEach(() => vi.restoreAllMocks());

test.each(Object.entries(commands))(
  '%s of which the device is lost ends with that, and writes nothing',
  async (_name, args) => {
    const { submit } = WebgpuSession.prototype;
    vi.spyOn(WebgpuSession.prototype, 'submit').mockImplementation(function (this: WebgpuSession, ...given) {
      this.device.destroy();
      return submit.apply(this, given);
    });
    expectFailure(await archc(...args), 'device-lost', /the device was lost \(destroyed\)/, /ARCHC_ADAPTER/);
    expect(tree(folder)).toEqual(before);
  },
);

test('a device that refuses to make a session ends the command with its reason, in JSON too', async () => {
  vi.spyOn(WebgpuSession, 'create').mockRejectedValue(
    new RuntimeError('out-of-memory', 'the device has no memory for buffer 1 of 3'),
  );
  for (const args of Object.values(commands))
    expectFailure(await archc(...args), 'out-of-memory', /buffer 1 of 3/, /a smaller batch/);
  const result = await archc(...commands['run'], '--json');
  expect(result.code).toBe(1);
  expect(json(result)).toMatchObject({
    ok: false,
    error: { code: 'out-of-memory', hint: expect.any(String) },
  });
  expect(tree(folder)).toEqual(before);
});

test('each failure of a device or of planning has its own code and advice', () => {
  const written: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  const codes: Record<RuntimeErrorCode, RegExp> = {
    'adapter-limits': /another adapter \(archc doctor\)/,
    'adapter-features': /without --precision f16/,
    'shader-error': /emit wgsl/,
    'out-of-memory': /a smaller batch/,
    'device-validation': /report it/,
    'device-internal': /driver/,
    'device-lost': /try again/,
    'wasm-refused': /newer engine/,
    'wasm-threads': /fewer threads/,
    'wasm-trap': /report it/,
    'half-overflow': /leave out --precision f16/,
    'bad-tensor': /names and shapes/,
    'bad-entry': /`entries`/,
    'not-for-training': /`train` section/,
    'unknown-preprocessing': /weights that `archc train` wrote/,
    'not-segmentation': /`predict`/,
    'bad-image': /channels, shape and spacing/,
    'non-finite-prediction': /check the weights/,
    'bad-weights': /parameters and buffers/,
    'no-adapter': /archc doctor/,
    'program-file': /the whole folder/,
    'program-target': /--target/,
    'program-version': /compile anew/,
    'program-format': /compile anew/,
    'program-bounds': /compile anew/,
  };
  const errors = Object.keys(codes).map((code) => new RuntimeError(code as RuntimeErrorCode, 'why'));
  for (const error of [...errors, new PlanError('size-too-large', 'why', 'a smaller batch')]) {
    written.length = 0;
    expect(report(error, [])).toBe(1);
    expect(written.join('')).toContain(`[${error.code}]`);
    expect(written.join('')).toContain(error.hint);
    if (error instanceof RuntimeError) expect(error.hint).toMatch(codes[error.code]);
  }
  // Less work helps only where there is too much of it.
  const smaller = errors.filter(({ hint }) => /smaller batch/.test(hint)).map(({ code }) => code);
  expect(smaller).toEqual(['out-of-memory']);
});
