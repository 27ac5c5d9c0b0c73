import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CompiledModel, openProgram } from '../../src/runtime/compiled-model.ts';
import type { StartOptions } from '../../src/runtime/running-model.ts';
import { CpuDevice, type CpuOptions } from '../../src/runtime/wasm/cpu-device.ts';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { toFloat32 } from '../../src/tensors/tensor.ts';
import { archc, temporaryFolder } from '../cli/archc.ts';
import { TINY, writeInputs } from '../cli/tiny.ts';
import { compiled, type Json, jsonOf, signed, untouchable } from './compiled.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
const input = writeInputs(at('input.safetensors'));
const given = readSafetensors(input).tensors;
const image = given.get('x')!.data as Float32Array;
const target = given.get('target')!.data as Int32Array;

let files: Map<string, Uint8Array>;
let both: Map<string, Uint8Array>;
let program: CompiledModel;
beforeAll(async () => {
  files = await compiled(at('cpu'), TINY, '--batch', '2', '--target', 'cpu');
  both = await compiled(at('both'), TINY, '--batch', '2', '--target', 'webgpu-default,cpu');
  program = await openProgram(files);
});

/** A prediction, and the losses of 20 steps. */
async function trained(opened: CompiledModel, options: CpuOptions, start: StartOptions = { steps: 20 }) {
  const model = await opened.start(new CpuDevice(options), start);
  try {
    const { logits } = await model.predict({ image });
    const steps = await Promise.all(Array.from({ length: 20 }, () => model.step({ image, target })));
    return { logits: logits.data, losses: steps.map(({ loss }) => loss), weights: await model.weights() };
  } finally {
    model.destroy();
  }
}

describe('a program for the processor', () => {
  test('has its kernels as WebAssembly, and no text of them', () => {
    expect([...files.keys()].sort()).toEqual([
      'kernels.relaxed.wasm',
      'kernels.wasm',
      'program.json',
      'weights.safetensors',
    ]);
    expect(program.devices).toEqual(['cpu']);
    expect(program.program.target).toBe('cpu');
  });

  test('predicts what the reference predicts, and trains to the same bits by any number of threads', async () => {
    const output = at('reference.safetensors');
    const args = ['--weights', at('cpu/weights.safetensors'), '--input', input, '--output', output];
    const result = await archc('run', TINY, ...args, '--backend', 'reference');
    expect(result.code, result.stderr).toBe(0);
    const truth = toFloat32(readSafetensors(output).tensors.get('y0')!);
    const largest = Math.max(...truth.map(Math.abs));
    const found = await trained(program, { threads: 2, deterministic: true });
    expect(Math.max(...truth.map((v, i) => Math.abs(v - found.logits[i])))).toBeLessThan(1e-4 * largest);
    expect(found.losses[19]).toBeLessThan(0.9 * found.losses[0]);
    for (const threads of [0, 3])
      expect(await trained(program, { threads, deterministic: true })).toEqual(found);
    // One rounding instead of two, where the processor can: nearly the same.
    const relaxed = await trained(program, { threads: 2 });
    expect(Math.max(...relaxed.logits.map((v, i) => Math.abs(v - found.logits[i])))).toBeLessThan(
      1e-4 * largest,
    );
  });

  test('is refused on other devices, and where a module is not the one that was written', async () => {
    await expect(program.requestDevice()).rejects.toMatchObject({
      code: expect.stringMatching('program-target'),
    });
    await expect(program.start(untouchable)).rejects.toMatchObject({ code: 'program-target' });
    const webgpu = await openProgram(await compiled(at('webgpu'), TINY, '--batch', '2'));
    expect(webgpu.devices).toEqual(['webgpu']);
    await expect(webgpu.start(new CpuDevice())).rejects.toMatchObject({ code: 'program-target' });
    for (const name of ['kernels.wasm', 'kernels.relaxed.wasm']) {
      const other = files.get(name)!.slice();
      other[other.length - 1] ^= 1;
      const device = new CpuDevice({ deterministic: name === 'kernels.wasm' });
      const opened = await openProgram(new Map([...files, [name, other]]));
      await expect(opened.start(device)).rejects.toMatchObject({ code: 'program-file' });
    }
  });
});

describe('a program for both', () => {
  test('has the plan of each, and the same weights', async () => {
    const opened = await openProgram(both);
    expect(opened.devices).toEqual(['webgpu', 'cpu']);
    expect(both.get('kernels.wasm')).toEqual(files.get('kernels.wasm'));
    expect(both.get('weights.safetensors')).toEqual(files.get('weights.safetensors'));
    const deterministic = { threads: 2, deterministic: true };
    expect(await trained(opened, deterministic)).toEqual(await trained(program, deterministic));
  });

  test('is refused where its plans do not fit together', async () => {
    const document = JSON.parse(jsonOf(both)) as { plans: { [name: string]: Json }[] };
    const [webgpu, cpu] = document.plans;
    const { modules, ...without } = cpu;
    const input = (cpu['tensors'] as { [name: string]: Json }[]).findIndex(({ kind }) => kind === 'param');
    const renamed = structuredClone(cpu['tensors']) as { [name: string]: Json }[];
    renamed[input]['name'] = 'another';
    const wrong: readonly Json[] = [
      [webgpu, webgpu],
      [cpu, cpu],
      [webgpu, without],
      [{ ...webgpu, modules }],
      [webgpu, { ...cpu, tensors: renamed }],
    ];
    for (const plans of wrong)
      await expect(openProgram(signed(both, { ...document, plans } as Json))).rejects.toMatchObject({
        code: 'program-bounds',
      });
  });

  test.each(['cpu,cpu', 'webgpu-default,webgpu-gpu', 'cpu,webgpu-default,cpu'])(
    '%s is refused',
    async (names) => {
      const result = await archc('compile', TINY, '--output', at('none'), '--target', names);
      expect(result.code).toBe(2);
      expect(result.stderr).toContain('[conflicting-option]');
    },
  );
});
