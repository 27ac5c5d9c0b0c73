import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { initialise } from '../../src/compiler/initialise.ts';
import { openModel } from '../../src/files/open.ts';
import type { Parameter } from '../../src/language/model.ts';
import { type FixtureInfo, setTexts } from '../parity/fixture.ts';

/**
 * How the tensors of each network start, as the reference implementations start them. What is compared is what
 * {@link initialise} draws, at the size of the parity fixtures.
 */
type Law = (
  parameter: Parameter,
  weight: Parameter | undefined,
) => (data: Float32Array) => string | undefined;

const product = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1);
/** All but the first axis: in · kh · kw, and torch.nn.init's fan-in of a transposed convolution. */
const fanIn = ({ shape }: Parameter) => product(shape.slice(1));
const last = ({ shape }: Parameter) => shape[shape.length - 1];
const rms = (data: Float32Array) => Math.sqrt(data.reduce((s, v) => s + v * v, 0) / data.length);
const extent = (data: Float32Array) => data.reduce((m, v) => Math.max(m, Math.abs(v)), 0);

const filled = (value: number) => () => (data: Float32Array) =>
  data.every((v) => v === value) ? undefined : `not all ${value}`;

/** Uniform within ± bound: nothing beyond it, and the spread of a uniform distribution to five standard errors. */
const uniform = (bound: number) => (data: Float32Array) => {
  if (extent(data) > bound * (1 + 1e-6)) return `${extent(data)} is beyond ±${bound}`;
  const off = Math.abs(rms(data) / (bound / Math.sqrt(3)) - 1);
  return off < 2.5 / Math.sqrt(data.length) ? undefined : `spread off by ${off} for uniform ±${bound}`;
};

/** Normal around 0: the spread to five standard errors, and values farther out than a uniform of that spread has. */
const normal = (std: number) => (data: Float32Array) => {
  const off = Math.abs(rms(data) / std - 1);
  if (off > 3.6 / Math.sqrt(data.length)) return `spread off by ${off} for normal ${std}`;
  return data.length < 256 || extent(data) > 2 * std ? undefined : `nothing beyond two of ${std}`;
};

const zeros = filled(0);
const ones = filled(1);
const truncNormal: Law = () => normal(0.02);
/** He et al. 2015 for a LeakyReLU of slope 0.01. */
const he: Law = (p) => normal(Math.sqrt(2 / ((1 + 0.01 ** 2) * fanIn(p))));
/** Weights and biases of PyTorch's layers: within ± 1 / sqrt(fan-in of the weight). */
const torchWeight: Law = (p) => uniform(1 / Math.sqrt(fanIn(p)));
const torchBias: Law = (_, weight) => uniform(1 / Math.sqrt(fanIn(weight!)));
const byLastAxis: Law = (p) => uniform(1 / Math.sqrt(last(p)));
const logarithms: Law = (p) => (data) =>
  data.every((v, i) => Math.abs(Math.exp(v) - ((i % last(p)) + 1)) < 1e-4) ? undefined : 'not log(1 … N)';
const stepSizes: Law = () => (data) =>
  data.every((v) => Math.log1p(Math.exp(v)) > 0.00099 && Math.log1p(Math.exp(v)) < 0.1001)
    ? undefined
    : 'softplus is beyond [0.001, 0.1]';

/** The first rule that matches a tensor's name is its own. */
type Rules = readonly (readonly [name: RegExp, law: Law])[];

const scan: Rules = [
  [/\.self_attention\.A_logs$/, logarithms],
  [/\.self_attention\.Ds$/, ones],
  [/\.self_attention\.dt_projs_bias$/, stepSizes],
  [/\.self_attention\.(x_proj|dt_projs)_weight$/, byLastAxis],
];
const norms: Rules = [
  [/\.(\w*norm\w*|ln_1)\.weight$/, ones],
  [/\.(\w*norm\w*|ln_1)\.bias$/, zeros],
];
const torchDefaults: Rules = [
  [/\.weight$/, torchWeight],
  [/\.bias$/, torchBias],
];
const heDefaults: Rules = [
  [/\.weight$/, he],
  [/\.bias$/, zeros],
];
const encoderLinear = /\.(in_proj|out_proj|reduction)\.weight$/;
const mamba: Rules = [
  [/\.mamba\.A_log$/, logarithms],
  [/\.mamba\.D$/, ones],
  [/\.mamba\.dt_proj\.bias$/, stepSizes],
  [/\.mamba\.(in_proj|x_proj|dt_proj|out_proj|conv1d)\.weight$/, torchWeight],
  [/\.mamba\.conv1d\.bias$/, torchBias],
];
const biasTable = [/relative_position_bias_table$/, truncNormal] as const;

const networks: Readonly<Record<string, Rules>> = {
  vmamba: [
    [/^head\.weight$/, truncNormal],
    [/^head\.bias$/, zeros],
    [/^norm\.weight$/, ones],
    [/^norm\.bias$/, zeros],
    ...scan,
    ...norms,
    [encoderLinear, truncNormal],
    ...torchDefaults,
  ],
  'swin-umamba': [
    [/^stem\.1\.weight$/, ones],
    [/^stem\.1\.bias$/, zeros],
    ...scan,
    ...norms,
    [encoderLinear, truncNormal],
    ...torchDefaults,
  ],
  // Only the encoder's linear layers are VMamba's; nnU-Net's start is then given to every convolution.
  'swin-umamba-d': [
    ...scan,
    ...norms,
    [/^vssm_encoder\..*\.(in_proj|out_proj|reduction)\.weight$/, truncNormal],
    [/^decoder\..*\.(in_proj|out_proj|expand)\.weight$/, torchWeight],
    [/^decoder\.concat_back_dim\.\d\.weight$/, torchWeight],
    [/^decoder\.concat_back_dim\.\d\.bias$/, torchBias],
    ...heDefaults,
  ],
  nnunet: [...norms, ...heDefaults],
  'umamba-bot': [...mamba, ...norms, ...heDefaults],
  'umamba-enc': [...mamba, ...norms, ...heDefaults],
  segresnet: [
    [/^conv_final\.0\.weight$/, ones],
    [/^conv_final\.0\.bias$/, zeros],
    ...norms,
    ...torchDefaults,
  ],
  unetr: [[/position_embeddings$/, truncNormal], ...norms, ...torchDefaults],
  'swin-unetr': [biasTable, ...norms, ...torchDefaults],
  nnformer: [biasTable, ...norms, ...torchDefaults],
};

function fixtureModel(net: string) {
  const file = fileURLToPath(new URL(`../fixtures/networks/${net}.json`, import.meta.url));
  const { config } = JSON.parse(readFileSync(file, 'utf8')) as FixtureInfo;
  return openModel(net, { set: setTexts(config) });
}

describe.each(Object.entries(networks))('%s', (net, rules) => {
  const { parameters } = fixtureModel(net);
  const rule = (p: Parameter) => rules.find(([name]) => name.test(p.name));

  test('every tensor starts as the reference starts it', () => {
    const wrong = parameters.flatMap((p) => {
      const law = rule(p)?.[1];
      if (!law) return [`${p.name}: no rule`];
      const weight = parameters.find((w) => w.name === p.name.replace(/bias$/, 'weight'));
      const problem = law(p, weight)(initialise(p, 3));
      return problem ? [`${p.name} [${p.shape.join(', ')}]: ${problem}`] : [];
    });
    expect(wrong).toEqual([]);
  });

  test('every rule is some tensor’s', () => {
    const used = new Set(parameters.map(rule));
    expect(rules.filter((r) => !used.has(r)).map(([name]) => name.source)).toEqual([]);
  });
});

test('the rules notice a wrong start', () => {
  const data = initialise(
    { name: 'p', shape: [64, 64], init: { kind: 'trunc_normal', args: { std: 0.02 } } },
    1,
  );
  expect(normal(0.02)(data)).toBeUndefined();
  expect(normal(0.025)(data)).toContain('spread');
  expect(uniform(1 / 8)(data)).toContain('spread');
  const even = initialise(
    { name: 'p', shape: [64, 64], init: { kind: 'uniform', args: { lo: -1, hi: 1 } } },
    1,
  );
  expect(uniform(1)(even)).toBeUndefined();
  expect(uniform(0.9)(even)).toContain('beyond');
  expect(normal(1 / Math.sqrt(3))(even)).toContain('nothing beyond');
});
