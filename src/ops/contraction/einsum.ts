import { type Dim, formatDims } from '../../ir/dim.ts';
import { type Attrs, elementCount, type Shape, stridesOf } from '../../ir/graph.ts';
import { type PrimitiveOp, ShapeError, type TensorType } from '../../ir/op.ts';
import type { Run } from '../../ir/runs.ts';
import { type Equation, EquationError, formatEquation, parseEquation } from './equation.ts';

export const einsum: PrimitiveOp = {
  kind: 'primitive',
  name: 'einsum',
  doc:
    'Contraction of two tensors (torch.einsum): `b k d l, k c d -> b k c l` sums over the letters that are not ' +
    'in the result. A letter stands at most once in a term and has one size everywhere; a letter of one ' +
    'operand only must be in the result. a [b, k, d, l], b [k, c, d] → [b, k, c, l].',
  example:
    'forward(a: [B, 4, 8, 16], b: [B, 4, 8, 16]) -> [B, 4, 8, 8] { einsum(a, b, equation: "b h q d, b h k d -> b h q k") }',
  operands: [{ name: 'a' }, { name: 'b' }],
  attrs: { equation: { type: 'string' } },
  splits: (_inputs, _outputs, attrs) => {
    const { a, b, out } = parseEquation(attrs['equation'] as string);
    const at = (letters: readonly string[], letter: string) => {
      const axis = letters.indexOf(letter);
      return axis < 0 ? undefined : axis;
    };
    return [...new Set([...a, ...b])].map((letter) => ({
      operands: [at(a, letter), at(b, letter)],
      outputs: [at(out, letter) ?? 'sum'],
    }));
  },
  shape: (inputs, attrs) => {
    const equation = equationOf(attrs);
    const dims = letterDims(equation, inputs, attrs['equation'] as string);
    return [{ dims: equation.out.map((l) => dims.get(l)!), dtype: 'f32' }];
  },
  macs: ([a, b], _outputs, attrs) => {
    const sizes = letterSizes(equationOf(attrs), a, b);
    return [...sizes.values()].reduce((n, size) => n * size, 1);
  },
  gradient: ({ b, inputs, grads, attrs, needs }) => {
    const e = equationOf(attrs);
    const dy = grads[0]!;
    return [
      needs(0) ? b.einsum(formatEquation(e.out, e.b, e.a), dy, inputs[1]) : undefined,
      needs(1) ? b.einsum(formatEquation(e.a, e.out, e.b), inputs[0], dy) : undefined,
    ];
  },
  reference: ([a, b], attrs, [out]) => {
    const e = equationOf(attrs);
    const summed = e.a.filter((l) => !e.out.includes(l));
    const order = [...e.out, ...summed];
    const axes = axesOf(e, order, a.shape, b.shape, out);
    const data = new Float64Array(elementCount(out));
    const at = order.map(() => 0);
    const offset = [0, 0, 0];
    const total = axes.reduce((n, r) => n * r.size, 1);
    for (let step = 0; step < total; step++) {
      data[offset[2]] += a.data[offset[0]] * b.data[offset[1]];
      for (let i = axes.length - 1; i >= 0; i--) {
        const carry = at[i] === axes[i].size - 1;
        const by = carry ? -at[i] : 1;
        at[i] += by;
        for (let t = 0; t < 3; t++) offset[t] += by * axes[i].strides[t];
        if (!carry) break;
      }
    }
    return [{ shape: out, data }];
  },
  lowering: { kind: 'kernels' },
};

export function equationOf(attrs: Attrs): Equation {
  try {
    return parseEquation(attrs['equation'] as string);
  } catch (error) {
    if (error instanceof EquationError) throw new ShapeError(`\`einsum\`: ${error.message}`);
    throw error;
  }
}

/** Size of each letter; throws {@link ShapeError} where the operands do not agree. */
function letterDims({ a, b }: Equation, inputs: readonly TensorType[], text: string): Map<string, Dim> {
  const dims = new Map<string, Dim>();
  [a, b].forEach((term, operand) => {
    const found = inputs[operand].dims;
    if (found.length !== term.length) {
      throw new ShapeError(
        `\`einsum\` \`${text}\`: \`${term.join(' ')}\` names ${term.length} axes, the operand is ${formatDims(found)}`,
        [operand],
      );
    }
    term.forEach((letter, i) => {
      const before = dims.get(letter);
      if (before && !before.equals(found[i])) {
        throw new ShapeError(
          `\`einsum\` \`${text}\` of ${formatDims(inputs[0].dims)} and ${formatDims(inputs[1].dims)}: \`${letter}\` is ${before} in the first and ${found[i]} in the second`,
          [0, 1],
        );
      }
      if (!before?.origin) dims.set(letter, found[i]);
    });
  });
  return dims;
}

export function letterSizes({ a, b }: Equation, shapeA: Shape, shapeB: Shape): Map<string, number> {
  return new Map([...a.map((l, i) => [l, shapeA[i]] as const), ...b.map((l, i) => [l, shapeB[i]] as const)]);
}

/** Letters as axes with their strides in a, b and the result. */
export function axesOf(e: Equation, order: readonly string[], a: Shape, b: Shape, out: Shape): Run[] {
  const sizes = letterSizes(e, a, b);
  const strides = [stridesOf(a), stridesOf(b), stridesOf(out)];
  return order.map((letter) => ({
    size: sizes.get(letter)!,
    strides: [e.a, e.b, e.out].map((term, t) => strides[t][term.indexOf(letter)] ?? 0),
  }));
}
