import { describe, expect, it } from 'vitest';
import { check, elaborate, loadSpec } from '../../language/index.ts';
import { memoryFiles } from '../../language/memory-files.ts';
import { ops } from '../index.ts';

const spec = (expr: string, output = '[B, 1]') => `model M() {
  input x: [B, 3, 16, 16]
  forward {
    y = ${expr}
    z = full([B, 1], 0.0)
  }
  output o: ${output} = ${output === '[B, 1]' ? 'z' : 'y'}
}
`;
const loaded = (text: string) => loadSpec('spec.arch', memoryFiles({ 'spec.arch': text }));
const mistakes = (expr: string) =>
  check(loaded(spec(expr)), ops)
    .filter((d) => d.severity === 'error')
    .map((d) => `${d.span.line}:${d.span.column} ${d.message}`);

/** The sizes that the graph of a batch of 5 has. */
function sizes(expr: string, output: string): readonly number[] {
  const { model, diagnostics } = elaborate(loaded(spec(expr, output)), undefined, {}, 5, ops, {
    training: false,
  });
  expect(diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
  const { value } = model!.outputs[0];
  const node = model!.graph.nodes.find((n) => n.outputs.includes(value))!;
  expect(node.attrs['shape']).not.toContain(Number.NaN);
  return model!.graph.values[value].shape;
}

describe('the batch in the shape of reshape', () => {
  it.each([
    ['[B, 16, 3]', '[B, 16, 3]: 768 elements a sample, not 48 elements a sample'],
    ['[2 * B, 768]', '[2*B, 768]: 768 elements a sample, not 1536 elements a sample'],
    ['[B, 5, -1]', '[B, 5, -1]: 768 elements a sample cannot be divided by 5, the product of the other axes'],
    ['[3, 256]', '[3, 256]: the batch has no place in the new shape'],
    ['[B, B, 3]', '[B, B, 3]: the new shape holds the batch more often than the tensor'],
    ['[B, -1, -1]', '[B, -1, -1]: one axis at most may be -1'],
    ['[B, 768, 0]', '[B, 768, 0]: an axis cannot be 0'],
    ['[B, 0 - 2, 3]', '[B, -2, 3]: an axis cannot be -2'],
  ])('%s is refused at the call', (shape, message) => {
    expect(mistakes(`reshape(x, ${shape})`)).toEqual([`4:9 \`reshape\` of [B, 3, 16, 16] to ${message}`]);
  });

  it('is refused where the tensor has none', () => {
    expect(mistakes('reshape(full([4, 4], 1.0), [B, 16])')).toEqual([
      '4:9 `reshape` of [4, 4] to [B, 16]: the new shape holds the batch more often than the tensor',
    ]);
  });

  it.each([
    ['reshape(x, [B, 48, 16])', '[B, 48, 16]', [5, 48, 16]],
    ['reshape(x, [B, -1])', '[B, 768]', [5, 768]],
    ['reshape(x, [-1, 16])  |> reshape([B, -1, 2])', '[B, 384, 2]', [5, 384, 2]],
    ['reshape(x, [B * 3, 256]) |> reshape([-1, 768])', '[B, 768]', [5, 768]],
    ['reshape(x, [16, -1]) |> reshape([B, 768])', '[B, 768]', [5, 768]],
    // The product of two tensors that both hold the batch.
    [
      'reshape(einsum(mean(x, <2, 3>), mean(x, <2, 3>), "b c, d c -> b d"), [B, B, 1])',
      '[B, B, 1]',
      [5, 5, 1],
    ],
  ])('%s holds for any batch, and the graph has the true sizes', (expr, output, expected) => {
    expect(sizes(expr, output)).toEqual(expected);
  });
});

describe('the batch in the shape of expand and full', () => {
  it.each([
    ['expand(full([1, 1, 4], 2.0), [B, 3, 4])', '[B, 3, 4]', [5, 3, 4]],
    ['expand(full([1, 1, 4], 2.0), [B, -1, -1])', '[B, 1, 4]', [5, 1, 4]],
    ['expand(full([4], 2.0), [B, 4])', '[B, 4]', [5, 4]],
    ['full([B, 4], 1.0)', '[B, 4]', [5, 4]],
  ])('%s', (expr, output, expected) => {
    expect(sizes(expr, output)).toEqual(expected);
  });

  it.each([
    ['expand(x, [B, 3, 3, 16, 16])', 'axis 1 is B, and only axes of size 1 stretch'],
    ['expand(x, [2, 3, 16, 16])', 'axis 0 is B, and only axes of size 1 stretch'],
    ['expand(x, [B, 1, 16, 16])', 'axis 1 is 3, and only axes of size 1 stretch'],
    ['expand(x, [3, 16, 16])', 'the tensor has 4 axes, the shape 3'],
    ['expand(x, [-1, B, 3, 16, 16])', 'axis 0 is new, so that -1 has nothing to keep'],
    ['full([B, 0 - 1], 1.0)', 'an axis cannot be -1'],
  ])('%s is refused', (expr, why) => {
    expect(mistakes(expr)).toEqual([expect.stringContaining(`: ${why}`)]);
    expect(mistakes(expr)[0]).toMatch(/^4:9 /);
  });

  // Numbers of places along an axis are none of the batch's business.
  it.each([
    'roll(x, <B>, <2>)',
    'pad(x, <0, B>, <2>)',
    'split(x, <B, 1>, 1)[0]',
    'slice(x, 2, 0, B)',
    'interpolate(x, <B, 4>)',
    'upsample(x, B)',
  ])('%s is refused: a size without the batch is needed', (expr) => {
    const [mistake, ...others] = mistakes(expr);
    expect(others).toEqual([]);
    expect(mistake).toMatch(
      /should be (sizes without the batch|a whole number|a vector of whole numbers), but is/,
    );
  });
});
