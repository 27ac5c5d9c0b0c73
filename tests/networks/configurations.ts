/** Small random configurations of the shipped networks: legal ones, and ones with a single mistake. */
import fc from 'fast-check';

/** The text of each `--set`. */
export type Configuration = Readonly<Record<string, string>>;

const vector = (values: readonly number[]) => `<${values.join(', ')}>`;
const int = (min: number, max: number) => fc.integer({ min, max });
const ints = (length: number, min: number, max: number) =>
  fc.array(int(min, max), { minLength: length, maxLength: length }).map(vector);
const flag = fc.boolean().map(String);
const rate = fc.constantFrom('0.0', '0.1', '0.5');

/** Height and width, multiples of `stride` and at most `most` times it, more than one position at the deepest scale. */
const size = (stride: number, most: number, atLeast = 1) =>
  fc
    .tuple(int(1, most), int(1, most))
    .filter(([h, w]) => h * w >= atLeast)
    .map(([h, w]) => vector([h * stride, w * stride]));

/** A divisor of each width. */
const heads = (widths: readonly number[]) =>
  fc
    .tuple(...widths.map((w) => fc.constantFrom(...[1, 2, 3, 4, 6].filter((h) => w % h === 0))))
    .map((all) => vector(all));

const text = (n: fc.Arbitrary<number>) => n.map(String);
const common = { in_channels: text(int(1, 8)), classes: text(int(2, 5)) };
const doubled = (first: number, stages: number) => Array.from({ length: stages }, (_, s) => first * 2 ** s);

const vss = {
  ...common,
  size: fc.constantFrom('<32, 32>', '<32, 64>', '<64, 32>'),
  depths: ints(4, 0, 2),
  d_state: text(int(1, 5)),
  drop_path: rate,
  deep_supervision: flag,
};
const residualStages = int(2, 4).chain((n) =>
  fc.record({
    ...common,
    features: ints(n, 1, 6),
    size: size(2 ** (n - 1), n === 4 ? 3 : 6, 2),
    deep_supervision: flag,
  }),
);

/** Legal configurations: odd depths and widths, maps that are not square, any number of stages where that varies. */
export const legal: Readonly<Record<string, fc.Arbitrary<Configuration>>> = {
  'swin-umamba': fc.tuple(int(1, 5), int(1, 4)).chain(([stem, first]) =>
    fc.record({
      ...vss,
      dims: fc.constant(vector([stem, ...doubled(first, 4)])),
      decoder: fc.constantFrom('residual', 'expanding'),
    }),
  ),
  'swin-umamba-d': int(1, 4).chain((first) =>
    fc.record({ ...vss, dims: fc.constant(vector(doubled(first, 4))) }),
  ),
  vmamba: fc.tuple(int(1, 4), int(1, 5)).chain(([n, first]) =>
    fc.record({
      ...common,
      dims: fc.constant(vector(doubled(first, n))),
      depths: ints(n, 0, 3),
      d_state: text(int(1, 5)),
      size: size(4 * 2 ** (n - 1), n > 2 ? 2 : 5),
      drop_path: rate,
    }),
  ),
  nnunet: residualStages,
  'umamba-bot': residualStages,
  'umamba-enc': residualStages,
  segresnet: int(1, 3).chain((n) =>
    fc.record({
      ...common,
      init_filters: fc.constantFrom('8', '16'),
      blocks_down: ints(n, 0, 2),
      blocks_up: ints(n - 1, 0, 2),
      size: size(2 ** (n - 1), 5),
    }),
  ),
  unetr: fc.tuple(int(1, 3), int(1, 4)).chain(([h, perHead]) =>
    fc.record({
      ...common,
      size: size(16, 3),
      feature_size: text(int(1, 3)),
      num_heads: fc.constant(String(h)),
      hidden_size: fc.constant(String(h * perHead)),
      mlp_dim: text(int(1, 9)),
    }),
  ),
  'swin-unetr': int(1, 4).chain((f) =>
    fc.record({
      ...common,
      size: fc.constantFrom('<32, 64>', '<64, 32>', '<32, 96>'),
      feature_size: fc.constant(String(f)),
      depths: ints(4, 0, 3),
      num_heads: heads(doubled(f, 4)),
      drop_path: rate,
    }),
  ),
  nnformer: int(1, 3).chain((half) =>
    fc.record({
      ...common,
      size: fc.constantFrom('<32, 32>', '<32, 64>', '<64, 32>', '<96, 32>'),
      embed_dim: fc.constant(String(2 * half)),
      depths: ints(4, 1, 3),
      num_heads: heads(doubled(2 * half, 4)),
      windows: ints(4, 1, 6),
      drop_path: rate,
      deep_supervision: flag,
    }),
  ),
};

/** A mistake: what it sets, on top of a legal configuration. */
type Mistake = (set: Configuration) => fc.Arbitrary<Configuration>;

const numbers = (list: string) => (list.match(/-?[\d.]+/g) ?? []).map(Number);
const setting = (name: string, value: fc.Arbitrary<string>) =>
  value.map((v): Configuration => ({ [name]: v }));

/** One side of the image that `stride` does not divide. */
const indivisible =
  (strideOf: (set: Configuration) => number): Mistake =>
  (set) => {
    const stride = strideOf(set);
    if (stride === 1) return setting('size', fc.constant('<0, 0>'));
    const [h, w] = numbers(set['size']);
    return setting(
      'size',
      fc
        .tuple(int(1, stride - 1), fc.boolean())
        .map(([off, rows]) => vector(rows ? [h + off, w] : [h, w + off])),
    );
  };

/** A vector one entry too short or too long. */
const wrongLength =
  (...names: string[]): Mistake =>
  (set) =>
    fc.constantFrom(...names).chain((name) => {
      const entries = numbers(set[name]);
      const last = entries[entries.length - 1] ?? 1;
      const choices = [[...entries, last], ...(entries.length > 0 ? [entries.slice(0, -1)] : [])];
      return setting(name, fc.constantFrom(...choices).map(vector));
    });

/** One stage whose heads do not divide its width. */
const indivisibleHeads =
  (width: (set: Configuration) => number): Mistake =>
  (set) =>
    fc.tuple(int(0, 3), int(1, 9)).map(([stage, more]) => {
      const entries = numbers(set['num_heads']);
      entries[stage] = width(set) * 2 ** stage + more;
      return { num_heads: vector(entries) };
    });

/** One stage that is not twice as wide as the one before. */
const undoubled =
  (from: number): Mistake =>
  (set) => {
    const dims = numbers(set['dims']);
    // The last stage, whose width no other is compared with.
    return dims.length <= from + 1
      ? setting('dims', fc.constant('<0>'))
      : int(1, 3).map((off) => ({ dims: vector([...dims.slice(0, -1), dims[dims.length - 1] + off]) }));
  };

const tooSmall =
  (...names: string[]): Mistake =>
  () =>
    fc.constantFrom(...names).chain((name) => setting(name, fc.constantFrom('0', '-1')));

/** A value of another type, or text that is no value. */
const notAValue =
  (...names: string[]): Mistake =>
  (set) =>
    fc.constantFrom(...names).chain((name) => {
      const entries = set[name].startsWith('<') ? numbers(set[name]) : undefined;
      const others = entries?.length
        ? ['1.5', 'true'].map((odd) => `<${[odd, ...entries.slice(1)].join(', ')}>`)
        : ['1.5', '"many"', '<1>', '[1]', 'none'];
      return setting(name, fc.constantFrom(...others, '<1, 2', '', '3 +', 'unheard_of'));
    });

const certainRate: Mistake = () => setting('drop_path', fc.constantFrom('1.0', '-0.1'));
const negativeDepth: Mistake = (set) => {
  const depths = numbers(set['depths']);
  return int(0, depths.length - 1).map((s) => ({ depths: vector(depths.map((d, i) => (i === s ? -1 : d))) }));
};
const stages = (name: string) => (set: Configuration) => numbers(set[name]).length;
const halvings = (name: string) => (set: Configuration) => 2 ** (stages(name)(set) - 1);
const every = (stride: number) => () => stride;

const vssMistakes = (firstDoubled: number): Mistake[] => [
  indivisible(every(32)),
  wrongLength('dims', 'depths', 'size'),
  undoubled(firstDoubled),
  tooSmall('in_channels', 'classes', 'd_state'),
  notAValue('in_channels', 'dims', 'depths', 'deep_supervision'),
  negativeDepth,
];
const residualMistakes: Mistake[] = [
  indivisible(halvings('features')),
  wrongLength('size'),
  tooSmall('in_channels', 'classes'),
  notAValue('in_channels', 'features'),
];

const mistakes: Readonly<Record<string, readonly Mistake[]>> = {
  'swin-umamba': vssMistakes(1),
  'swin-umamba-d': vssMistakes(0),
  vmamba: [
    indivisible((set) => 4 * halvings('dims')(set)),
    wrongLength('depths', 'size'),
    undoubled(0),
    tooSmall('in_channels', 'classes', 'd_state'),
    notAValue('in_channels', 'dims'),
    negativeDepth,
  ],
  nnunet: residualMistakes,
  'umamba-bot': residualMistakes,
  'umamba-enc': residualMistakes,
  segresnet: [
    indivisible(halvings('blocks_down')),
    wrongLength('blocks_up', 'size'),
    tooSmall('in_channels', 'classes', 'init_filters'),
    notAValue('in_channels', 'blocks_down'),
    () => setting('init_filters', int(1, 7).map(String)),
  ],
  unetr: [
    indivisible(every(16)),
    wrongLength('size'),
    tooSmall('in_channels', 'classes', 'feature_size', 'hidden_size', 'mlp_dim', 'num_heads'),
    notAValue('in_channels', 'hidden_size'),
    (set) => int(1, 5).map((more) => ({ num_heads: String(Number(set['hidden_size']) + more) })),
  ],
  'swin-unetr': [
    indivisible(every(32)),
    wrongLength('depths', 'num_heads', 'size'),
    indivisibleHeads((set) => Number(set['feature_size'])),
    tooSmall('in_channels', 'classes', 'feature_size'),
    notAValue('in_channels', 'depths'),
    negativeDepth,
    () => setting('size', fc.constant('<32, 32>')),
  ],
  nnformer: [
    indivisible(every(32)),
    wrongLength('depths', 'num_heads', 'windows', 'size'),
    indivisibleHeads((set) => Number(set['embed_dim'])),
    tooSmall('in_channels', 'classes', 'embed_dim'),
    notAValue('in_channels', 'windows'),
    negativeDepth,
    (set) => int(0, 2).map((off) => ({ embed_dim: String(Number(set['embed_dim']) + 2 * off + 1) })),
  ],
};

/** Configurations with one mistake each. */
export const illegal: Readonly<Record<string, fc.Arbitrary<Configuration>>> = Object.fromEntries(
  Object.entries(mistakes).map(([net, all]) => {
    const withRate =
      'drop_path' in fc.sample(legal[net], { numRuns: 1, seed: 1 })[0] ? [...all, certainRate] : all;
    const mistaken = legal[net].chain((set) =>
      fc.constantFrom(...withRate).chain((mistake) => mistake(set).map((change) => ({ ...set, ...change }))),
    );
    return [net, mistaken];
  }),
);
