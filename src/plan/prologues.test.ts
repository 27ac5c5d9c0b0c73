import { expect, test } from 'vitest';
import { kernelRenderer } from '../compiler/renderer.ts';
import { GraphBuilder } from '../ir/builder.ts';
import type { ValueId } from '../ir/graph.ts';
import type { Target } from '../ir/target.ts';
import { portableLimits, portableTarget } from '../kernels/targets.ts';
import { ops } from '../ops/index.ts';
import { planProgram } from './plan.ts';

const renderer = kernelRenderer();

/** Labels of the dispatches of a graph of x [4, 8, 8] and w [8, 8], and what the last one's kernel is. */
function planned(make: (b: GraphBuilder, x: ValueId, w: ValueId) => void, change: Partial<Target> = {}) {
  const b = new GraphBuilder(ops);
  make(b, b.source('input', 'x', [4, 8, 8]), b.source('state', 'w', [8, 8]));
  const target = { ...portableTarget, ...change };
  const program = planProgram({ main: b.build() }, ops, renderer, { model: 'test', batch: 1, target });
  const { dispatches } = program.entries['main'];
  return {
    labels: dispatches.map((d) => d.label),
    wgsl: program.kernels[dispatches.at(-1)!.kernel].wgsl,
    bindings: dispatches.map((d) => d.bindings.length),
  };
}

test('a chain that one reduction reads is computed as it loads', () => {
  const { labels, wgsl } = planned((b, x, w) => b.output('y', b.sum(b.mul(b.apply('exp', [x]), w), [0])));
  expect(labels).toEqual(['exp + mul → sum']);
  expect(wgsl).toContain('fn load_x(i: u32) -> f32 {\n  let in0_i = load_x_in0(i);\n  let v1 = exp(in0_i);');
});

test('a value is stored that is read often, or that is an output too', () => {
  expect(
    planned((b, x, w) => b.output('y', b.einsum('a b c, c d -> a b d', b.apply('exp', [x]), w))).labels,
  ).toHaveLength(2);
  const { labels } = planned((b, x) => {
    const e = b.apply('exp', [x]);
    b.output('e', e);
    b.output('y', b.sum(e, [0]));
  });
  expect(labels).toEqual(['exp', 'sum']);
});

test('a value is stored where computing it again costs more than it saves', () => {
  const { labels } = planned(
    (b, x) => {
      const e = b.apply('exp', [b.apply('tanh', [x])]);
      for (const [i, axis] of [0, 1, 2, 0].entries()) b.output(`y${i}`, b.sum(e, [axis]));
    },
    { measured: { ...portableTarget.measured, dispatch: 0 } },
  );
  expect(labels[0]).toBe('tanh + exp');
});

test('what changes before the reader runs is read in time', () => {
  const { labels } = planned((b, _, w) => {
    const e = b.apply('exp', [w]);
    const sum = b.sum(e, [0]);
    b.output('y', sum);
    b.update([w], b.affine(w, 2));
  });
  expect(labels).toContain('exp');
});

test('a chain stays apart where its reader has no bindings left', () => {
  const make = (b: GraphBuilder, x: ValueId) => {
    let y = b.apply('exp', [x]);
    for (let i = 0; i < 6; i++) y = b.add(y, b.source('input', `x${i}`, [4, 8, 8]));
    b.output('y', b.apply('concat', [y, b.source('input', 'z', [4, 8, 8])], { axis: 0 }));
  };
  const { labels, bindings } = planned(make);
  expect(labels.at(-1)).toBe('concat');
  for (const n of bindings) expect(n).toBeLessThanOrEqual(portableLimits.maxStorageBuffersPerShaderStage);
  const limits = { ...portableLimits, maxStorageBuffersPerShaderStage: 10 };
  expect(planned(make, { limits }).labels).toHaveLength(1);
});

test('memory that a kernel knows by two names is bound once', () => {
  const { bindings } = planned((b, x) => b.output('y', b.add(b.apply('softmax', [x], { axis: 1 }), x)));
  expect(bindings).toEqual([2]);
});
