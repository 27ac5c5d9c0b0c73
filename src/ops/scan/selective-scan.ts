import { formatDims } from '../../ir/dim.ts';
import type { Shape } from '../../ir/graph.ts';
import { type PrimitiveOp, ShapeError, type TensorType } from '../../ir/op.ts';
import { scanBackwardReference, scanReference } from './reference.ts';

const operands = ['u', 'delta', 'A_log', 'B', 'C', 'D', 'delta_bias'] as const;
const attrs = { delta_softplus: { type: 'bool', default: true } } as const;

export const selectiveScan: PrimitiveOp = {
  kind: 'primitive',
  name: 'selective_scan',
  doc:
    'The selective state-space recurrence of Mamba (Gu and Dao 2023, arXiv 2312.00752, eq. 2 and algorithm 2). ' +
    'u, delta [B, G*D, L], A_log [G*D, N], B, C [B, G, N, L], D, delta_bias [G*D] → [B, G*D, L]. ' +
    'With A = -exp(A_log) and dt = softplus(delta + delta_bias) (the sum itself where `delta_softplus` is false): ' +
    'h_l = exp(dt_l A) h_(l-1) + dt_l B_l u_l from h = 0, y_l = sum over the N states of C_l h_l, plus D u_l. ' +
    'The channels of a group share B and C.',
  example:
    'forward(u: [B, 8, 64], delta: [B, 8, 64], A_log: [8, 16], b: [B, 1, 16, 64], c: [B, 1, 16, 64], D: [8], delta_bias: [8]) -> [B, 8, 64] {\n  selective_scan(u, delta, A_log, b, c, D, delta_bias)\n}',
  operands: operands.map((name) => ({ name })),
  attrs,
  splits: () => [
    { operands: [0, 0, undefined, 0, 0, undefined, undefined], outputs: [0] },
    { operands: [1, 1, 0, 1, 1, 0, 0], outputs: [1] },
  ],
  shape: (inputs) => {
    checkShapes('selective_scan', inputs);
    return [{ dims: inputs[0].dims, dtype: 'f32' }];
  },
  scanMacs: ([u, , aLog]: readonly Shape[]) => 9 * u[0] * u[1] * u[2] * aLog[1],
  gradient: ({ b, inputs, grads, attrs: a, needs }) =>
    b
      .applyAll('selective_scan_backward', [...inputs, grads[0]!], a)
      .map((g, i) => (needs(i) ? g : undefined)),
  reference: (inputs, a) => [scanReference(inputs, a['delta_softplus'] as boolean)],
  lowering: { kind: 'kernels' },
};

export const selectiveScanBackward: PrimitiveOp = {
  kind: 'primitive',
  name: 'selective_scan_backward',
  doc: 'Gradients of all operands of selective_scan, given that of its result. The states are computed anew.',
  operands: [...operands, 'dy'].map((name) => ({ name })),
  attrs,
  internal: true,
  splits: () => [
    {
      operands: [0, 0, undefined, 0, 0, undefined, undefined, 0],
      outputs: [0, 0, 'sum', 0, 0, 'sum', 'sum'],
    },
    { operands: [1, 1, 0, 1, 1, 0, 0, 1], outputs: [1, 1, 0, 1, 1, 0, 0] },
  ],
  shape: (inputs) => {
    checkShapes('selective_scan_backward', inputs);
    return inputs.slice(0, 7).map(({ dims }) => ({ dims, dtype: 'f32' as const }));
  },
  reference: (inputs, a) => scanBackwardReference(inputs, a['delta_softplus'] as boolean),
  lowering: { kind: 'kernels' },
};

function checkShapes(op: string, inputs: readonly TensorType[]): void {
  const dims = inputs.map((t) => t.dims);
  const [u, , aLog, b] = dims;
  const fail = (i: number, others: readonly number[], expected: string, hint?: string) =>
    new ShapeError(
      `\`${op}\` takes ${[...operands, 'dy'][i]} ${expected}, found ${formatDims(dims[i])}` +
        others.map((k) => ` beside ${operands[k]} ${formatDims(dims[k])}`).join(''),
      [i, ...others],
      hint,
    );
  if (u.length !== 3) throw fail(0, [], '[B, G*D, L]', 'flatten the map: reshape(xs, [B, G * D, H * W])');
  const [batch, channels, length] = u;
  const expect = (i: number, others: readonly number[], form: string, wanted: typeof u, hint?: string) => {
    if (dims[i].length !== wanted.length || !wanted.every((w, k) => w.equals(dims[i][k])))
      throw fail(i, others, `${form} = ${formatDims(wanted)}`, hint);
  };
  expect(1, [0], '[B, G*D, L]', u);
  if (aLog.length !== 2) throw fail(2, [0], '[G*D, N]');
  const states = aLog[1];
  expect(2, [0], '[G*D, N]', [channels, states]);
  if (b.length !== 4) throw fail(3, [0], '[B, G, N, L]', 'one group: reshape B and C to [B, 1, N, L]');
  const groups = b[1];
  expect(3, [0, 2], '[B, G, N, L]', [batch, groups, states, length]);
  if (!channels.over(groups))
    throw fail(3, [0], '[B, G, N, L]', `G must divide the ${channels} channels of u`);
  expect(4, [3], '[B, G, N, L]', b);
  expect(5, [0], '[G*D]', [channels]);
  expect(6, [0], '[G*D]', [channels]);
  if (dims.length > 7) expect(7, [0], '[B, G*D, L]', u);
}
