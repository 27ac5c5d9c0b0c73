import { describe, expect, test } from 'vitest';
import type { ValueId } from '../../src/ir/graph.ts';
import type { RefTensor } from '../../src/ir/op.ts';
import { ops } from '../../src/ops/index.ts';
import { interpret } from '../../src/reference/interpret.ts';
import { caseNames, opCase, relativeError } from './cases.ts';

/** The fixtures are float64 results stored as float32 (6e-8); inputs too, so only rounding of the output is left. */
const FIXTURE_TOLERANCE = 1e-6;
/** Central differences of step 1e-5 in float64: the error is of the order 1e-10, relative to the largest value. */
const DIFFERENCE_TOLERANCE = 1e-6;
const STEP = 1e-5;
const full = process.env['ARCHC_FULL'] === '1';
/** Elements of a gradient that are looked at. */
const SAMPLES = full ? 24 : 4;

function prepare(name: string) {
  const { graph, feeds, expected } = opCase(name);
  const tensors = new Map<ValueId, RefTensor>();
  for (const { value, data } of feeds.values()) {
    tensors.set(value, { shape: graph.values[value].shape, data: Float64Array.from(data) });
  }
  const results = interpret(graph, ops, tensors);
  const output = (n: string) => results.get(graph.outputs.find((o) => o.name === n)!.value)!.data;
  return { graph, feeds, expected, tensors, output };
}

describe.each(caseNames)('%s on the reference backend', (name) => {
  test('forward and gradients equal the fixture', () => {
    const { expected, output } = prepare(name);
    for (const [key, truth] of expected) {
      expect(relativeError(output(key), truth), key).toBeLessThan(FIXTURE_TOLERANCE);
    }
  });

  // The largest convolution takes as long as all others.
  if (!full && name === 'conv2d.7') return;
  test('gradients equal finite differences', () => {
    const { graph, feeds, expected, tensors, output } = prepare(name);
    const cot = tensors.get(feeds.get('cot')!.value)!.data;
    const forward = { ...graph, outputs: graph.outputs.filter((o) => o.name === 'out') };
    const loss = () => {
      const out = interpret(forward, ops, tensors).get(forward.outputs[0].value)!.data;
      return out.reduce((sum, y, i) => sum + y * cot[i], 0);
    };
    for (const key of expected.keys()) {
      if (!key.startsWith('grad.')) continue;
      const analytic = output(key);
      const x = tensors.get(feeds.get(key.slice('grad.'.length))!.value)!.data;
      const largest = analytic.reduce((m, g) => Math.max(m, Math.abs(g)), 0);
      // Every element of small tensors, an even sample of large ones.
      const stride = Math.max(1, Math.floor(x.length / SAMPLES));
      for (let i = 0; i < x.length; i += stride) {
        const before = x[i];
        x[i] = before + STEP;
        const up = loss();
        x[i] = before - STEP;
        const down = loss();
        x[i] = before;
        const numeric = (up - down) / (2 * STEP);
        expect(Math.abs(numeric - analytic[i]) / Math.max(largest, 1e-12), key).toBeLessThan(
          DIFFERENCE_TOLERANCE,
        );
      }
    }
  });
});
