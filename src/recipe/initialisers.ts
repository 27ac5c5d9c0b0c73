import { type Form, number, numberOrNone, type Values, word } from './setting.ts';

/** How a parameter or buffer starts. */
interface InitialiserEntry extends Form {
  /** Takes the fans from the parameter's shape, as torch.nn.init does: so the shape needs two axes. */
  readonly fans?: boolean;
  /** Whether it can start a tensor of whole numbers: it gives one value, which is whole if its arguments are. */
  readonly whole?: boolean;
}

const f32 = { f32: true } as const;
const slope = number('negative slope of the leaky ReLU that follows', f32, 0);

/** Initialisers by name; `src/compiler/initialise.ts` draws them. */
export const initialisers = {
  zeros: { args: {}, doc: 'All 0.', example: 'param bias: [8] = zeros', whole: true },
  ones: { args: {}, doc: 'All 1.', example: 'param weight: [8] = ones', whole: true },
  constant: {
    args: { value: number('what all elements are', f32) },
    doc: 'Everywhere the same value (torch.nn.init.constant_).',
    example: 'param scale: [8] = constant(1e-6)',
    whole: true,
  },
  normal: {
    args: { std: number('standard deviation', f32, 1), mean: number('mean of the distribution', f32, 0) },
    doc: 'Normal distribution (torch.nn.init.normal_).',
    example: 'param cls: [1, 1, 8] = normal(std: 0.02)',
  },
  trunc_normal: {
    // Beyond these hardly a draw falls within ±2, so that drawing would not end.
    args: {
      std: number('standard deviation', { least: 0, most: 100, f32: true }, 1),
      mean: number('mean of the distribution', { least: -2, most: 2, f32: true }, 0),
    },
    doc: 'Normal distribution cut off at ±2 (torch.nn.init.trunc_normal_).',
    example: 'param position: [1, 16, 8] = trunc_normal(std: 0.02)',
  },
  uniform: {
    args: { lo: number('lower end', f32, 0), hi: number('upper end', f32, 1) },
    doc: 'Uniform between `lo` and `hi` (torch.nn.init.uniform_).',
    example: 'param bias: [8] = uniform(-0.1, 0.1)',
  },
  kaiming_uniform: {
    args: { a: slope, fan: numberOrNone('the fan; left out, the fan-in of the shape', f32) },
    fans: true,
    doc: 'Uniform within ± sqrt(6 / ((1 + a²) fan)) (He et al. 2015, torch.nn.init.kaiming_uniform_).',
    example: 'param weight: [8, 4, 3, 3] = kaiming_uniform(a: sqrt(5))',
  },
  kaiming_normal: {
    args: { a: slope, mode: word('which fan of the shape', ['fan_in', 'fan_out']) },
    fans: true,
    doc: 'Normal with std sqrt(2 / ((1 + a²) fan)) (He et al. 2015, torch.nn.init.kaiming_normal_).',
    example: 'param weight: [8, 4, 3, 3] = kaiming_normal(a: 0.01, mode: "fan_out")',
  },
  xavier_uniform: {
    args: {},
    fans: true,
    doc: 'Uniform within ± sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010, torch.nn.init.xavier_uniform_).',
    example: 'param weight: [8, 4] = xavier_uniform',
  },
  s4d_real_log: {
    args: {},
    doc: 'log(1 … n) along the last axis (S4D-Real, Gu et al. 2022, arXiv 2206.11893).',
    example: 'param A_log: [8, 16] = s4d_real_log',
  },
  dt_bias: {
    args: { min: number('smallest step', f32, 0.001), max: number('largest step', f32, 0.1) },
    doc: 'Inverse softplus of steps that are log-uniform between `min` and `max` (Mamba, Gu and Dao 2023, arXiv 2312.00752).',
    example: 'param dt_bias: [8] = dt_bias',
  },
} as const satisfies Readonly<Record<string, InitialiserEntry>>;

export type InitialiserKind = keyof typeof initialisers;
/** The arguments of one initialiser, once all are there. */
export type InitialiserArgs<K extends InitialiserKind> = Values<(typeof initialisers)[K]['args']>;

/** What is said of an initialiser, by a name that may be any of theirs. */
export const initialiserEntry = (kind: InitialiserKind): InitialiserEntry => initialisers[kind];

export const isInitialiser = (name: string): name is InitialiserKind => Object.hasOwn(initialisers, name);
