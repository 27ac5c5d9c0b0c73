import { InputError } from '../errors.ts';
import { elementCount } from '../ir/graph.ts';
import type { StoredTensor } from '../language/model.ts';
import { exp, expm1, log } from '../math.ts';
import { type InitialiserArgs, type InitialiserKind, initialiserEntry } from '../recipe/initialisers.ts';
import { Random } from '../recipe/random.ts';
import { withDefaults } from '../recipe/setting.ts';
import type { StoredData } from '../tensors/tensor.ts';

type Draw<K extends InitialiserKind> = (
  random: Random,
  args: InitialiserArgs<K>,
  shape: readonly number[],
) => (index: number) => number;

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
const draws: { readonly [K in InitialiserKind]: Draw<K> } = {
  zeros: () => () => 0,
  ones: () => () => 1,
  constant:
    (_, { value }) =>
    () =>
      value,
  uniform:
    (random, { lo, hi }) =>
    () =>
      random.uniform(lo, hi),
  normal:
    (random, { mean, std }) =>
    () =>
      random.normal(mean, std),
  /** Cut at ±2, in units of the values, as timm's and PyTorch's trunc_normal_. */
  trunc_normal:
    (random, { mean, std }) =>
    () => {
      for (;;) {
        const x = random.normal(mean, std);
        if (Math.abs(x) <= 2) return x;
      }
    },
  kaiming_uniform: (random, { a, fan }, shape) => {
    const bound = gain(a) * Math.sqrt(3 / (fan ?? fans(shape).fanIn));
    return () => random.uniform(-bound, bound);
  },
  kaiming_normal: (random, { a, mode }, shape) => {
    const { fanIn, fanOut } = fans(shape);
    const std = gain(a) / Math.sqrt(mode === 'fan_out' ? fanOut : fanIn);
    return () => random.normal(0, std);
  },
  xavier_uniform: (random, _, shape) => {
    const { fanIn, fanOut } = fans(shape);
    const bound = Math.sqrt(6 / (fanIn + fanOut));
    return () => random.uniform(-bound, bound);
  },
  /** A = −(1, …, N) in every row, stored as log(−A). */
  s4d_real_log: (_random, _args, shape) => (i) => log((i % shape[shape.length - 1]) + 1),
  dt_bias: (random, args) => {
    const [low, high] = [log(args.min), log(args.max)];
    return () => {
      const dt = Math.max(exp(random.uniform(low, high)), DT_FLOOR);
      return dt + log(-expm1(-dt));
    };
  },
};

function drawOf({ name, shape, init }: Started, seed: number): (index: number) => number {
  const { kind, args } = init;
  if (!Object.hasOwn(draws, kind)) throw new Error(`no initialiser is called ${kind}`);
  const complete = withDefaults(initialiserEntry(kind).args, args);
  const draw = draws[kind] as (
    random: Random,
    args: object,
    shape: readonly number[],
  ) => (i: number) => number;
  return draw(Random.stream(seed, 'initialise', name), complete, shape);
}

type Started = Pick<StoredTensor, 'name' | 'shape' | 'init'>;

/** First values of a parameter or of a buffer of floats. They depend on the seed and its name alone. */
export function initialise(tensor: Started, seed: number): Float32Array {
  const { name, shape, init } = tensor;
  const value = drawOf(tensor, seed);
  const values = Float32Array.from({ length: elementCount(shape) }, (_, i) => value(i));
  const lost = values.findIndex((x) => !Number.isFinite(x));
  if (lost < 0) return values;
  throw new InputError(
    'init-not-finite',
    `the first values of ${name} (${init.kind}) are not all finite 32-bit floats: value ${lost} is ${values[lost]}`,
    'choose arguments of the initialiser that keep the values within ±3.4e38',
  );
}

/** First values of a parameter or buffer of any type. */
export function initialiseStored(tensor: StoredTensor, seed: number): StoredData {
  if (tensor.dtype === 'f32') return initialise(tensor, seed);
  const value = drawOf(tensor, seed);
  return Int32Array.from({ length: elementCount(tensor.shape) }, (_, i) => value(i));
}

/** First values of all that is kept with a model, by name. */
export function initialiseAll(stored: readonly StoredTensor[], seed: number): Map<string, StoredData> {
  return new Map(stored.map((t) => [t.name, initialiseStored(t, seed)]));
}
