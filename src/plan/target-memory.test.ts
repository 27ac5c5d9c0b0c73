import { expect, test } from 'vitest';
import { kernelRenderer } from '../compiler/renderer.ts';
import { GraphBuilder } from '../ir/builder.ts';
import { cpuTarget } from '../kernels/targets.ts';
import { ops } from '../ops/index.ts';
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

const planned = (batch: number, memory: number, width?: number) =>
  planWithin(graph(batch, width), ops, kernelRenderer(), {
    ...{ model: 'deep', batch, target: { ...cpuTarget, memory } },
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

test('the CPU has what addresses of 32 bits reach, less what its threads need', () => {
  expect(cpuTarget.memory).toBe(2 ** 32 - 2 ** 26);
});
