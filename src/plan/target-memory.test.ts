import { describe, expect, test } from 'vitest';
import { kernelRenderer } from '../compiler/renderer.ts';
import { GraphBuilder } from '../ir/builder.ts';
import type { WideMemory } from '../ir/target.ts';
import { addressBits, cpuTarget } from '../kernels/targets.ts';
import { ops } from '../ops/index.ts';
import { bytesText } from '../program/bytes-text.ts';
import { planProgram, planWithin } from './plan.ts';

/** Chains of which every value is read again at the end: all are alive at once. */
function graph(batch: number, width = 1024) {
  const b = new GraphBuilder(ops);
  let x = b.einsum('b i, o i -> b o', b.source('input', 'x', [batch, 8]), b.source('param', 'w', [width, 8]));
  const kept = [x];
  for (let i = 0; i < 8; i++) {
    x = b.apply('softmax', [x], { axis: 1 });
    kept.push(x);
  }
  b.output(
    'y',
    kept.reduceRight((sum, value) => b.add(sum, b.apply('softmax', [value], { axis: 1 }))),
  );
  return { forward: b.build() };
}

const planned = (batch: number, memory: number, width?: number, wide?: WideMemory, budget?: number) =>
  planWithin(graph(batch, width), ops, kernelRenderer(), {
    ...{ model: 'deep', batch, target: { ...cpuTarget, memory, wide }, memory: budget },
  });

test('a program keeps to the memory of its target, by computing values again', () => {
  const whole = planProgram(graph(64), ops, kernelRenderer(), {
    ...{ model: 'deep', batch: 64, target: cpuTarget },
  });
  const memory = Math.floor(0.7 * whole.bytes);
  const { program, recomputation } = planned(64, memory);
  expect(program.bytes).toBeLessThanOrEqual(memory);
  expect(recomputation?.bytes_before).toBe(whole.bytes);
  expect(planned(64, whole.bytes).recomputation).toBeUndefined();
});

test('what does not fit so either is refused, with a batch that would', () => {
  const memory = 2 ** 20;
  const refused = expect.objectContaining({
    code: 'adapter-limits',
    message: expect.stringMatching(
      /^the target cpu has 1\.0 MiB, the program takes [\d.]+ MiB: .* of weights, .* with recomputation [\d.]+ MiB of values at least$/,
    ),
    hint: expect.stringMatching(/^a batch of about \d+, or a smaller image$/),
  });
  let hint = '';
  try {
    planned(1024, memory);
  } catch (error) {
    expect(error).toEqual(refused);
    ({ hint } = error as { hint: string });
  }
  const batch = Number(/\d+/.exec(hint)![0]);
  expect(planned(batch, memory).program.bytes).toBeLessThanOrEqual(memory);
  // It is close: twice as much does not fit.
  expect(() => planned(2 * batch, memory)).toThrow(refused);
});

test('weights that alone are too much ask for another network', () => {
  expect(() => planned(1, 2 ** 16, 2 ** 16)).toThrow(
    expect.objectContaining({ code: 'adapter-limits', hint: 'a smaller image or network' }),
  );
});

test('the CPU has what addresses of 32 bits reach, or else of 64, less what its threads need', () => {
  expect(cpuTarget.memory).toBe(2 ** 32 - 2 ** 26);
  expect(cpuTarget.wide).toEqual({ bytes: 2 ** 34 - 2 ** 26 });
  expect(addressBits({ bytes: 2 ** 32 - 2 ** 26 })).toBe(32);
  expect(addressBits({ bytes: 2 ** 32 - 2 ** 26 + 4 })).toBe(64);
});

describe('where there is more memory by wider addresses', () => {
  const whole = planned(64, Number.POSITIVE_INFINITY).program.bytes;
  const [little, wide] = [2 ** 19, { bytes: whole }];

  test('it is taken by what does not fit otherwise, which need not compute values again then', () => {
    const { program, recomputation } = planned(64, little, undefined, wide);
    expect([program.bytes, recomputation]).toEqual([whole, undefined]);
    expect(() => planned(64, little)).toThrow(expect.objectContaining({ code: 'adapter-limits' }));
  });

  test('it is not taken by what fits with recomputation, unless as much is asked for', () => {
    const memory = Math.floor(0.7 * whole);
    expect(planned(64, memory, undefined, wide)).toEqual(planned(64, memory));
    expect(planned(64, memory, undefined, wide, 2 * whole).program.bytes).toBe(whole);
    // As much as is asked for.
    const budget = Math.floor(0.85 * whole);
    const { program, recomputation } = planned(64, memory, undefined, wide, budget);
    expect(program.bytes).toBeGreaterThan(memory);
    expect(program.bytes).toBeLessThanOrEqual(budget);
    expect(recomputation?.bytes_before).toBe(whole);
  });

  test('it is also computed again to fit there, and what is more is refused', () => {
    const bytes = Math.floor(0.7 * whole);
    const { program, recomputation } = planned(64, little, undefined, { bytes });
    expect(program.bytes).toBeLessThanOrEqual(bytes);
    expect(recomputation?.bytes_before).toBe(whole);
    expect(() => planned(1024, little, undefined, wide)).toThrow(
      expect.objectContaining({
        code: 'adapter-limits',
        message: expect.stringContaining(`the target cpu has ${bytesText(whole)},`),
      }),
    );
  });

  test('where the device at hand lacks it, that is a hint to what would fit there', () => {
    const missing = 'another device';
    const refusal = (batch: number): { readonly hint: string } => {
      try {
        planned(batch, little, undefined, { ...wide, missing });
      } catch (error) {
        return error as { readonly hint: string };
      }
      throw new Error('it was planned');
    };
    expect(refusal(64).hint).toMatch(/^a batch of about \d+, or a smaller image, or another device$/);
    expect(refusal(1024).hint).toMatch(/^a batch of about \d+, or a smaller image$/);
  });
});
