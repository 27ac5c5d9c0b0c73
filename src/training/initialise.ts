import { Random } from '../data/random.ts';
import { InputError } from '../errors.ts';
import { elementCount } from '../ir/graph.ts';
import type { Initialiser, StoredTensor } from '../language/model.ts';
import type { StoredData } from '../tensors/tensor.ts';

type Draw = (random: Random, init: Initialiser, shape: readonly number[]) => (index: number) => number;

/** Smallest step size that the `dt` bias stands for (Mamba's `dt_init_floor`). */
const DT_FLOOR = 1e-4;

/** torch.nn.init's fans: for [out, in, kh, kw], in · kh · kw and out · kh · kw. */
function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  const kernel = shape.slice(2).reduce((n, d) => n * d, 1);
  return { fanIn: (shape[1] ?? shape[0]) * kernel, fanOut: shape[0] * kernel };
}

/** Gain of a leaky ReLU of slope `a`, as torch.nn.init.calculate_gain. */
const gain = (a: number) => Math.sqrt(2 / (1 + a * a));

/** What each initialiser of the language draws. */
const draws: Readonly<Record<string, Draw>> = {
  zeros: () => () => 0,
  ones: () => () => 1,
  constant:
    (_, { args }) =>
    () =>
      args['value'],
  uniform:
    (random, { args }) =>
    () =>
      random.uniform(args['lo'], args['hi']),
  normal:
    (random, { args }) =>
    () =>
      random.normal(args['mean'] ?? 0, args['std'] ?? 1),
  /** Cut at ±2, in units of the values, as timm's and PyTorch's trunc_normal_. */
  trunc_normal:
    (random, { args }) =>
    () => {
      for (;;) {
        const x = random.normal(args['mean'] ?? 0, args['std'] ?? 1);
        if (Math.abs(x) <= 2) return x;
      }
    },
  /** He et al. 2015 (arXiv 1502.01852); `fan` overrides the fan that the shape gives. */
  kaiming_uniform: (random, { args }, shape) => {
    const bound = gain(args['a'] ?? 0) * Math.sqrt(3 / (args['fan'] ?? fans(shape).fanIn));
    return () => random.uniform(-bound, bound);
  },
  kaiming_normal: (random, { args }, shape) => {
    const { fanIn, fanOut } = fans(shape);
    const std = gain(args['a'] ?? 0) / Math.sqrt(args['fan_out'] ? fanOut : fanIn);
    return () => random.normal(0, std);
  },
  /** Glorot and Bengio 2010. */
  xavier_uniform: (random, _, shape) => {
    const { fanIn, fanOut } = fans(shape);
    const bound = Math.sqrt(6 / (fanIn + fanOut));
    return () => random.uniform(-bound, bound);
  },
  /** S4D-real (Gu et al. 2022, arXiv 2206.11893): A = −(1, …, N) in every row, stored as log(−A). */
  s4d_real_log: (_random, _init, shape) => (i) => Math.log((i % shape[shape.length - 1]) + 1),
  /** Inverse softplus of a step size drawn log-uniformly from [min, max] (Mamba, arXiv 2312.00752, section 3.6). */
  dt_bias: (random, { args }) => {
    const low = Math.log(args['min']);
    const high = Math.log(args['max']);
    return () => {
      const dt = Math.max(Math.exp(random.uniform(low, high)), DT_FLOOR);
      return dt + Math.log(-Math.expm1(-dt));
    };
  },
};

/** Names of the initialisers that {@link initialise} knows. */
export const initialiserKinds: readonly string[] = Object.keys(draws);

/** First values of a parameter or of a buffer of floats. They depend on the seed and its name alone. */
export function initialise(
  { name, shape, init }: Pick<StoredTensor, 'name' | 'shape' | 'init'>,
  seed: number,
): Float32Array {
  const draw = draws[init.kind];
  if (!draw) throw new Error(`no initialiser is called ${init.kind}`);
  const value = draw(Random.stream(seed, 'initialise', name), init, shape);
  const values = Float32Array.from({ length: elementCount(shape) }, (_, i) => value(i));
  const lost = values.findIndex((x) => !Number.isFinite(x));
  if (lost < 0) return values;
  throw new InputError(
    'init-not-finite',
    `the first values of ${name} (${init.kind}) are not all finite 32-bit floats: value ${lost} is ${values[lost]}`,
    'choose arguments of the initialiser that keep the values within ±3.4e38',
  );
}

/** First values of a parameter or buffer of any type. Whole numbers are `zeros`, `ones` or `constant`. */
export function initialiseStored(tensor: StoredTensor, seed: number): StoredData {
  if (tensor.dtype === 'f32') return initialise(tensor, seed);
  const { kind, args } = tensor.init;
  const value = kind === 'constant' ? args['value'] : kind === 'ones' ? 1 : 0;
  return new Int32Array(elementCount(tensor.shape)).fill(value);
}

/** First values of all that is kept with a model, by name. */
export function initialiseAll(stored: readonly StoredTensor[], seed: number): Map<string, StoredData> {
  return new Map(stored.map((t) => [t.name, initialiseStored(t, seed)]));
}
