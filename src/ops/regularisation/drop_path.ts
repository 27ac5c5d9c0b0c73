import { Dim, formatDims } from '../../ir/dim.ts';
import { type CompositeOp, type PrimitiveOp, ShapeError } from '../../ir/op.ts';

/** Words of the input `rng`, the random key of one step: enough that no two steps share a mask. */
const RNG_WORDS = 2;

export const dropPath: CompositeOp = {
  kind: 'composite',
  name: 'drop_path',
  doc: 'Stochastic depth (Huang et al. 2016, arXiv 1603.09382): each sample of x [B, ...] becomes 0 with probability `rate` and is scaled by 1 / (1 − rate) otherwise, → [B, ...]; left out where nothing is trained. Which, is decided by a counter-based generator from the input `rng`, the place in the graph and the sample.',
  example: 'forward(x: [B, 8, 16, 16]) -> [B, 8, 16, 16] { drop_path(x, rate: 0.1) }',
  operands: [{ name: 'x' }],
  attrs: { rate: { type: 'float' } },
  shape: ([{ dims }], a) => {
    const rate = a['rate'] as number;
    if (dims.length === 0) throw new ShapeError('`drop_path` of a scalar: it needs [B, ...]', [0]);
    if (!(rate >= 0 && rate < 1)) {
      throw new ShapeError(
        `\`drop_path\` of ${formatDims(dims)} with rate ${rate}: it must be in 0 ≤ rate < 1`,
      );
    }
    return [{ dims, dtype: 'f32' }];
  },
  expand: (b, [x], a) => {
    if (a['rate'] === 0) return [x];
    const shape = b.shape(x);
    const rng = b.sharedSource('input', 'rng', [RNG_WORDS], 'i32');
    const index = b.nodeList.filter((n) => n.op === dropPathMask.name).length;
    const mask = b.apply(dropPathMask.name, [rng], { batch: shape[0], rate: a['rate'], index });
    return [b.mul(x, b.reshape(mask, [shape[0], ...shape.slice(1).map(() => 1)]))];
  },
};

export const dropPathMask: PrimitiveOp = {
  kind: 'primitive',
  name: 'drop_path_mask',
  doc: 'For each of `batch` samples 0 with probability `rate`, else 1 / (1 − rate); a function of rng [2], `index` and the sample. → [batch].',
  operands: [{ name: 'rng', dtype: 'i32' }],
  attrs: { batch: { type: 'int' }, rate: { type: 'float' }, index: { type: 'int' } },
  internal: true,
  shape: (_inputs, a) => [{ dims: [Dim.of(a['batch'] as number)], dtype: 'f32' }],
  gradient: () => [undefined],
  reference: ([rng], a, [out]) => {
    const data = new Float64Array(out[0]);
    const limit = threshold(a['rate'] as number);
    for (let sample = 0; sample < data.length; sample++) {
      const kept = randomBits([rng.data[0], rng.data[1]], a['index'] as number, sample) >= limit;
      data[sample] = kept ? 1 / (1 - (a['rate'] as number)) : 0;
    }
    return [{ shape: out, data }];
  },
  lowering: { kind: 'kernels' },
};

/** Random bits below this drop a sample. */
export const threshold = (rate: number) => Math.floor(rate * 2 ** 32);

/** As `codegen/functions/random_bits.wgsl`, in whole numbers of 32 bits. */
function pcg(x: number): number {
  const state = (Math.imul(x, 747796405) + 2891336453) >>> 0;
  const word = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277803737) >>> 0;
  return ((word >>> 22) ^ word) >>> 0;
}

function randomBits([first, second]: readonly [number, number], site: number, sample: number): number {
  return pcg((second + pcg((sample + pcg((site + pcg(first)) >>> 0)) >>> 0)) >>> 0);
}
