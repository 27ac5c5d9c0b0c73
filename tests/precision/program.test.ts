import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acquireDevice } from '../../src/adapter/acquire.ts';
import type { StoredProgram } from '../../src/program/stored.ts';
import { type CompiledModel, openProgram } from '../../src/runtime/compiled-model.ts';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { archc, expectError, temporaryFolder } from '../cli/archc.ts';
import { TINY, writeInputs, writeWeights } from '../cli/tiny.ts';
import { relativeError } from '../ops/cases.ts';
import { compiled, type Json, jsonOf, signed } from '../program/compiled.ts';
import { HALF_EPSILON } from './half.ts';

/** Relative to the largest logit: a few values in a row are rounded. */
const TOLERANCE = 8 * HALF_EPSILON;

const half = ['--precision', 'f16'];
const forAny = [TINY, '--batch', '2', '--inference'];
const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
const weights = writeWeights(at('w.safetensors'));
const input = writeInputs(at('i.safetensors'));
const image = readSafetensors(input).tensors.get('x')!.data as Float32Array;

const acquired = await acquireDevice();
afterAll(() => acquired.destroy());
const halves = acquired.device.features.has('shader-f16');

const forHalf = [...forAny, ...half, '--target', 'lavapipe', '--weights', weights];
let files: Map<string, Uint8Array>;
let program: CompiledModel;
beforeAll(async () => {
  files = await compiled(at('half'), ...forHalf);
  program = await openProgram(files);
});

describe('a program in half precision', () => {
  test('says so, and nothing else of it differs: tensors, outputs, dispatches', async () => {
    const whole = (await openProgram(await compiled(at('whole'), ...forAny, '--target', 'lavapipe'))).program;
    expect(program.program.requires.features).toEqual(['shader-f16']);
    expect(whole.requires.features).toEqual([]);
    expect(whole.entries['forward'].overflow).toBeUndefined();
    expect(program.program.tensors).toEqual(whole.tensors);
    const types = (p: typeof whole) => p.entries['forward'].outputs.map(({ name, dtype }) => [name, dtype]);
    expect(types(program.program)).toEqual(types(whole));
    const labels = (p: typeof whole) => p.entries['forward'].dispatches.map(({ label }) => label);
    expect(labels(program.program)).toEqual(labels(whole));
    expect(program.program.bytes).toBeLessThan(whole.bytes);
  });

  test('is made of the same bytes again', async () => {
    expect(await compiled(at('again'), ...forHalf)).toEqual(files);
  });

  test('is refused by a device or adapter without the feature, and asks for it', async () => {
    const { limits } = acquired.device;
    const lacking = { limits, features: new Set() } as unknown as GPUDevice;
    await expect(program.start(lacking)).rejects.toMatchObject({
      code: 'adapter-features',
      message: /needs shader-f16/,
    });
    const asked: GPUDeviceDescriptor[] = [];
    const adapter = (features: readonly string[]) => ({
      requestAdapter: async () => ({
        limits,
        features: new Set(features),
        requestDevice: async (descriptor: GPUDeviceDescriptor) => asked.push(descriptor),
      }),
    });
    const of = (features: readonly string[]) => adapter(features) as unknown as GPU;
    await expect(program.requestDevice(of([]))).rejects.toMatchObject({ code: 'adapter-features' });
    await program.requestDevice(of(['shader-f16']));
    const { features: requiredFeatures, ...requiredLimits } = program.program.requires;
    expect(asked).toEqual([{ requiredFeatures, requiredLimits }]);
  });

  test('with a feature that no runtime knows, or a flag beyond its buffer, is refused', async () => {
    const document = JSON.parse(jsonOf(files)) as StoredProgram;
    const [plan] = document.plans;
    const { requires, entries } = plan;
    const forged = (change: object) =>
      openProgram(signed(files, { ...document, plans: [{ ...plan, ...change }] } as unknown as Json));
    const needing = (features: readonly string[] | undefined) =>
      forged({ requires: { ...requires, features } });
    await expect(needing(['telepathy'])).rejects.toMatchObject({ code: 'program-format' });
    await expect(needing(undefined)).rejects.toMatchObject({ code: 'program-format' });
    const flagged = (overflow: object) =>
      forged({ entries: { forward: { ...entries['forward'], overflow } } });
    const known = entries['forward'].overflow!;
    await flagged(known);
    for (const wrong of [{ offset: 2 ** 40 }, { offset: 2 }, { buffer: 99 }])
      await expect(flagged({ ...known, ...wrong })).rejects.toMatchObject({ code: 'program-bounds' });
  });

  test.runIf(halves)('predicts what the one in f32 does, nearly', async () => {
    const predicted = async (opened: CompiledModel) => {
      const model = await opened.start(acquired.device);
      const outputs = await model.predict({ image });
      model.destroy();
      return outputs['logits'].data;
    };
    const whole = await openProgram(await compiled(at('same'), ...forAny, '--weights', weights));
    const [found, wanted] = [await predicted(program), await predicted(whole)];
    expect(relativeError(found, wanted)).toBeLessThan(TOLERANCE);
    expect(found).not.toEqual(wanted);
  });
});

describe('the command line', () => {
  test.runIf(halves)('runs a pass in half precision', async () => {
    const run = async (name: string, ...options: string[]) => {
      const output = at(name);
      const args = ['--weights', weights, '--input', input, '--output', output, '--backend', 'webgpu'];
      const result = await archc('run', TINY, ...args, ...options);
      expect(result.code, result.stderr).toBe(0);
      return readSafetensors(output).tensors.get('y0')!.data as Float32Array;
    };
    const [found, wanted] = [await run('y16', ...half), await run('y32')];
    expect(relativeError(found, wanted)).toBeLessThan(TOLERANCE);
    expect(found).not.toEqual(wanted);
  });

  test('shows what is kept in it', async () => {
    const args = ['emit', 'graph', TINY, '--after', 'precision', '--target', 'apple', '--verify'];
    expect((await archc(...args, ...half)).stdout).toMatch(/^%\d+: f32\[1, .*\] in f16 = /m);
    expect((await archc(...args)).stdout).not.toContain('f16');
  });

  const emit = (...rest: string[]) => ['emit', ...rest, ...half];
  test.each([
    ['training', 'training-precision', ['compile', TINY, '--output', at('no'), ...half, '--target', 'apple']],
    ['a training step', 'training-precision', emit('plan', TINY, '--train', '--target', 'apple')],
    ['a target without it', 'adapter-features', ['compile', ...forAny, '--output', at('no'), ...half]],
    ['a graph for such a target', 'adapter-features', emit('graph', TINY, '--after', 'precision')],
    ['the graph before the passes', 'bad-value', emit('graph', TINY)],
    ['the syntax tree', 'bad-value', emit('ast', TINY)],
    [
      'the reference',
      'bad-value',
      [
        'run',
        TINY,
        '--weights',
        weights,
        '--input',
        input,
        '--output',
        at('no'),
        '--backend',
        'reference',
        ...half,
      ],
    ],
  ])('refuses it for %s', async (_, code, args) => {
    expectError(await archc(...args), code);
  });

  test('names the targets that have it', async () => {
    const result = await archc('compile', ...forAny, '--output', at('no'), ...half);
    expectError(result, 'adapter-features', /which webgpu-default does not have/, /lavapipe, amd-rdna3/);
  });
});
