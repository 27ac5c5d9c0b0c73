import { expect, test } from 'vitest';
import { GraphBuilder } from '../ir/builder.ts';
import type { Graph } from '../ir/graph.ts';
import type { ElaboratedModel } from '../language/model.ts';
import { ops } from '../ops/index.ts';
import { planPortably } from './portable.ts';
import { kernelRenderer } from './renderer.ts';

/** A graph that takes an input of so many rows. */
function taking(rows: number): Graph {
  const b = new GraphBuilder(ops);
  b.output('y', b.apply('silu', [b.source('input', `x${rows}`, [rows, 2 ** 18])]));
  return b.build();
}

const model = { name: 'Net', batch: 1 } as ElaboratedModel;
const refused = (entries: Readonly<Record<string, Graph>>): unknown => {
  try {
    planPortably(model, entries, kernelRenderer());
    return undefined;
  } catch (error) {
    return error;
  }
};

test('training that does not fit is named, and never stands in the way of the forward pass', () => {
  const small = taking(8);
  // 512 MiB: more than one buffer holds, however the work is taken apart.
  const large = taking(2 ** 9);
  expect(Object.keys(planPortably(model, { forward: small }, kernelRenderer()).entries)).toEqual(['forward']);
  expect(refused({ forward: small, gradients: large })).toMatchObject({
    code: 'adapter-limits',
    message: expect.stringMatching(
      /^the entry gradients of Net asks for more than every WebGPU implementation offers: /,
    ),
    hint: expect.stringMatching(/^--inference for the forward pass alone, or /),
  });
  expect(refused({ forward: large, gradients: small })).toMatchObject({
    message: expect.stringMatching(/^the entry forward of Net /),
    hint: expect.not.stringMatching(/--inference/),
  });
  expect(refused({ forward: large })).toMatchObject({ hint: expect.not.stringMatching(/--inference/) });
});
