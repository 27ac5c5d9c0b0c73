import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../../src/adapter/acquire.ts';
import { type CompiledModel, openProgram } from '../../src/runtime/compiled-model.ts';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { parseSafetensors, serializeSafetensors } from '../../src/tensors/safetensors-bytes.ts';
import { toFloat32 } from '../../src/tensors/tensor.ts';
import { archc, temporaryFolder } from '../cli/archc.ts';
import { TINY, writeInputs } from '../cli/tiny.ts';
import { compiled } from './compiled.ts';
import { fitLosses, trained } from './fit.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
const inputs = writeInputs(at('i.safetensors'));
const given = readSafetensors(inputs).tensors;
const image = given.get('x')!.data as Float32Array;
const target = given.get('target')!.data as Int32Array;

let acquired: AcquiredDevice;
beforeAll(async () => {
  acquired = await acquireDevice({ limits: 'default' });
});
afterAll(() => acquired?.destroy());

/** Steps on one batch; they need not be awaited one by one. */
async function train(program: CompiledModel): Promise<number[]> {
  const model = await program.start(acquired.device, { steps: 20 });
  try {
    const steps = await Promise.all(Array.from({ length: 20 }, () => model.step({ image, target })));
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    const trained = parseSafetensors(await model.weights()).tensors;
    for (const [name, tensor] of readSafetensors(at('fit.safetensors')).tensors) {
      if (!name.startsWith('trained/')) continue;
      const own = trained.get(name.slice('trained/'.length))!;
      expect(own.dtype).toBe(tensor.dtype);
      const [a, b] = [toFloat32(own), toFloat32(tensor)];
      expect(Math.max(...a.map((v, i) => Math.abs(v - b[i])))).toBeLessThan(1e-5);
    }
    return steps.map(({ loss }) => loss);
  } finally {
    model.destroy();
  }
}

describe.each(trained)('%s', (_, spec, settings) => {
  test('20 steps on one batch have the losses of archc fit, and the weights', async () => {
    const name = at(`net-${settings.length}`);
    const program = await openProgram(await compiled(name, spec, '--batch', '2'));
    const files = {
      weights: `${name}/weights.safetensors`,
      input: inputs,
      output: at('fit.safetensors'),
    };
    const expected = await fitLosses(spec, files, [...settings, '--backend', 'webgpu']);
    const found = await train(program);
    expect(found).toHaveLength(20);
    expect(found[19]).toBeLessThan(0.9 * found[0]);
    expect(Math.max(...found.map((loss, i) => Math.abs(loss - expected[i])))).toBeLessThan(1e-6);
  });
});

describe('a model', () => {
  let files: Map<string, Uint8Array>;
  let program: CompiledModel;
  beforeAll(async () => {
    files = await compiled(at('net'), TINY, '--batch', '2');
    program = await openProgram(files);
  });

  test('says what it takes and gives', () => {
    expect(program.inputs).toEqual([{ name: 'image', dtype: 'f32', shape: [2, 3, 16, 16] }]);
    expect(program.outputs).toEqual([{ name: 'logits', dtype: 'f32', shape: [2, 3, 16, 16] }]);
    expect(program.weights.map(({ name }) => name).sort()).toEqual([
      'head.bias',
      'head.weight',
      'stem.bias',
      'stem.weight',
    ]);
    expect(program.facts.training).toMatchObject({ section: 'Quick', classes: 3, steps: 12 });
  });

  test('predicts what archc run does, before and after training', async () => {
    const model = await program.start(acquired.device);
    const expectAsRun = async (weights: string) => {
      const { logits } = await model.predict({ image });
      expect(logits.shape).toEqual([2, 3, 16, 16]);
      await archc('run', TINY, '--weights', weights, '--input', inputs, '--output', at('o'));
      const truth = toFloat32(readSafetensors(at('o')).tensors.get('y0')!);
      expect(Math.max(...truth.map((v, i) => Math.abs(v - logits.data[i])))).toBeLessThan(1e-5);
    };
    await expectAsRun(at('net/weights.safetensors'));
    for (let i = 0; i < 3; i++) await model.step({ image, target });
    writeFileSync(at('after.safetensors'), await model.weights());
    await expectAsRun(at('after.safetensors'));
    model.destroy();
  });

  test('tells the loss of a prediction, which trains nothing', async () => {
    const model = await program.start(acquired.device);
    const before = await model.weights();
    const loss = await model.loss({ image, target });
    // The network has no part that training changes.
    expect(loss).toBeCloseTo((await model.step({ image, target })).loss, 6);
    expect(await model.loss({ image, target })).toBeLessThan(loss);
    model.setWeights(before);
    expect(await model.loss({ image, target })).toBe(loss);
    model.destroy();
  });

  test('gives back the weights that it took, and takes others', async () => {
    const model = await program.start(acquired.device);
    const bytes = await model.weights();
    expect(parseSafetensors(bytes).tensors).toEqual(
      parseSafetensors(files.get('weights.safetensors')!).tensors,
    );
    const before = (await model.predict({ image })).logits.data;
    for (let i = 0; i < 3; i++) await model.step({ image, target });
    expect((await model.predict({ image })).logits.data).not.toEqual(before);
    model.setWeights(bytes);
    expect((await model.predict({ image })).logits.data).toEqual(before);
    const tensors = [...parseSafetensors(bytes).tensors];
    for (const wrong of [tensors.slice(1), [...tensors, ['more', tensors[0][1]] as const]])
      expect(() => model.setWeights(serializeSafetensors(wrong))).toThrow(
        expect.objectContaining({ code: 'bad-weights' }),
      );
    expect(await model.weights()).toEqual(bytes);
    model.destroy();
  });

  test('refuses inputs that are not its own', async () => {
    const model = await program.start(acquired.device);
    const wrong: [Parameters<typeof model.predict>[0], RegExp][] = [
      [{}, /image is missing/],
      [{ image, other: image }, /no input other/],
      [{ image: image.slice(1) }, /has 1535 values/],
      [{ image: new Int32Array(image.length) }, /another type/],
      [{ image, target }, /no input target/],
    ];
    for (const [given, message] of wrong)
      await expect(model.predict(given)).rejects.toMatchObject({ code: 'bad-tensor', message });
    await expect(model.step({ image })).rejects.toMatchObject({
      code: 'bad-tensor',
      message: /target is missing/,
    });
    const beyond = Int32Array.from(target, (id, i) => (i === 5 ? 3 : id));
    await expect(model.step({ image, target: beyond })).rejects.toMatchObject({ message: /holds 3/ });
    // None of these was a step.
    expect(await model.step({ image, target })).toMatchObject({ step: 1 });
    model.destroy();
  });

  test('stays at the end of the schedule, and starts anew with each start', async () => {
    const model = await program.start(acquired.device, { steps: 2 });
    const rates: number[] = [];
    for (let i = 0; i < 5; i++) rates.push((await model.step({ image, target })).learningRate);
    expect(rates).toEqual([0.01, expect.closeTo(0.0050005, 9), 1e-6, 1e-6, 1e-6]);
    model.destroy();
    const again = await program.start(acquired.device, { steps: 2 });
    expect((await again.step({ image, target })).learningRate).toBe(0.01);
    again.destroy();
  });

  test('weights given at the start are taken instead of those of the folder', async () => {
    const { data, ...rest } = parseSafetensors(files.get('weights.safetensors')!).tensors.get('head.bias')!;
    const tensors = new Map(parseSafetensors(files.get('weights.safetensors')!).tensors);
    tensors.set('head.bias', { ...rest, data: Float32Array.from(data as Float32Array, () => 100) } as never);
    const model = await program.start(acquired.device, { weights: serializeSafetensors(tensors) });
    const { logits } = await model.predict({ image });
    expect(Math.min(...logits.data)).toBeGreaterThan(90);
    model.destroy();
  });

  test('a device of limits too small is refused by what it lacks', async () => {
    const limits = { ...acquired.device.limits, maxBufferSize: 16 };
    const small = { limits } as unknown as GPUDevice;
    await expect(program.start(small)).rejects.toMatchObject({ code: 'adapter-limits' });
  });
});

describe('from an address', () => {
  let server: Server;
  let files: Map<string, Uint8Array>;
  beforeAll(async () => {
    files = await compiled(at('served'), TINY, '--batch', '2');
    server = createServer((request, response) => {
      const bytes = files.get(request.url!.replace(/^\/net\//, ''));
      response.writeHead(bytes ? 200 : 404).end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => server.close());

  test.each(['/net', '/net/'])('%s', async (path) => {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    const model = await (await openProgram(address)).start(acquired.device);
    expect((await model.predict({ image })).logits.data).toHaveLength(2 * 3 * 256);
    model.destroy();
    await expect(openProgram(`${address}/x/`)).rejects.toMatchObject({
      code: 'program-file',
      message: /404/,
    });
  });
});
