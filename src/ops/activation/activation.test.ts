import { describe, expect, test } from 'vitest';
import { useDevice } from '../../../tests/device.ts';
import { kernelRenderer } from '../../compiler/renderer.ts';
import { GraphBuilder } from '../../ir/builder.ts';
import { planProgram } from '../../plan/plan.ts';
import { interpret } from '../../reference/interpret.ts';
import { ops } from '../index.ts';
import { erf } from './erf.ts';
import { activations } from './index.ts';

const device = useDevice();

/** 0 and both signs from 1e-6 on; exp grows beyond float32 soon after 80. */
function points(most: number): number[] {
  const magnitudes = Array.from({ length: 160 }, (_, i) => Math.fround(1e-6 * (most * 1e6) ** (i / 159)));
  return [0, ...magnitudes, ...magnitudes.map((x) => -x)];
}

/** Absolute below 1, relative above. */
const tolerance = (truth: number) => 2e-6 * Math.max(1, Math.abs(truth));
/** exp(x) of a float32 x·log2(e) loses |x| ulps. */
const exponential = (truth: number) => 1e-5 * Math.max(1, truth);

async function onDevice(op: string, inputs: readonly Float64Array[]) {
  const b = new GraphBuilder(ops);
  const sources = inputs.map((x, i) => b.source('input', `x${i}`, [x.length]));
  b.output('y', b.apply(op, sources));
  const graph = b.build();
  const feeds = new Map(sources.map((v, i) => [v, { shape: [inputs[i].length], data: inputs[i] }]));
  const truth = interpret(graph, ops, feeds).get(graph.outputs[0].value)!.data;
  const target = device().target;
  const program = planProgram({ forward: graph }, ops, kernelRenderer(), { model: op, batch: 1, target });
  const session = await device().open(program);
  inputs.forEach((x, i) => {
    session.write('input', `x${i}`, Float32Array.from(x));
  });
  session.run('forward');
  const y = (await session.readOutputs('forward', ['y'])).get('y')!;
  session.destroy();
  return { y, truth };
}

test.each(activations.map((op) => op.name))('%s over its whole range, element by element', async (op) => {
  const x = Float64Array.from(points(op.startsWith('exp') ? 80 : 1e4));
  const dy = new Float64Array(x.length).fill(1);
  const { y, truth } = await onDevice(op, op.endsWith('_backward') ? [x, dy] : [x]);
  const allowed = op.startsWith('exp') ? exponential : tolerance;
  x.forEach((p, i) => {
    expect(Math.abs(y[i] - truth[i]), `${op}(${p}) = ${y[i]}, expected ${truth[i]}`).toBeLessThanOrEqual(
      allowed(truth[i]),
    );
  });
});

test('softplus keeps its relative precision where it is small', async () => {
  const x = Float64Array.from({ length: 80 }, (_, i) => -i);
  const { y, truth } = await onDevice('softplus', [x]);
  for (const i of x.keys()) expect(Math.abs(y[i] / truth[i] - 1)).toBeLessThan(1e-5);
});

describe('erf in float64', () => {
  // Abramowitz and Stegun, tables 7.1 and 7.3.
  test.each([
    [0, 0],
    [0.5, 0.5204998778],
    [1, 0.8427007929],
    [2, 0.995322265],
    [3.5, 0.999999256902],
  ])('erf(%f)', (x, y) => {
    expect(erf(x)).toBeCloseTo(y, 9);
    expect(erf(-x)).toBeCloseTo(-y, 9);
  });
  test('series and continued fraction meet', () => {
    expect(erf(3 + 1e-9) - erf(3 - 1e-9)).toBeGreaterThan(0);
    expect(erf(3 + 1e-9) - erf(3 - 1e-9)).toBeLessThan(1e-12);
    expect(erf(7)).toBe(1);
  });
});
