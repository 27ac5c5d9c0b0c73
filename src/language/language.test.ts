import { describe, expect, it } from 'vitest';
import { ops } from '../ops/index.ts';
import { check, type ElaboratedModel, elaborate, loadSpec, modelNames, renderDiagnostic } from './index.ts';
import { memoryFiles } from './memory-files.ts';

function build(
  text: string,
  set: Readonly<Record<string, string>> = {},
  { files = {}, training = false, batch = 2, model = undefined as string | undefined } = {},
): ElaboratedModel {
  const loaded = loadSpec('spec.arch', memoryFiles({ 'spec.arch': text, ...files }));
  const result = elaborate(loaded, model, set, batch, ops, { training });
  const errors = result.diagnostics
    .filter((d) => d.severity === 'error')
    .map((d) => renderDiagnostic(d, loaded.sources, { color: false }));
  expect(errors).toEqual([]);
  return result.model as ElaboratedModel;
}

/** The plain value of an expression of the language, as a parameter's default. */
const value = (expr: string, type = 'float') =>
  build(`model M(v: ${type} = ${expr}) {\n  input x: [B, 1]\n  forward { y = x }\n  output o: [B, 1] = y\n}`)
    .config['v'];

describe('values', () => {
  it.each([
    ['1 / 2 + 1 / 3', 5 / 6],
    ['7 % 3', 1],
    ['-7 % 3', 2],
    ['2 ^ 10', 1024],
    ['2 ^ -2', 1 / 4],
    ['ceil(49 / 16)', 4],
    ['floor(-1 / 2)', -1],
    ['round(5 / 2)', 3],
    ['round(2.4)', 2],
    ['min(3, 1 / 2)', 0.5],
    ['max(<1, 4, 2>)', 4],
    ['sum(<1, 2, 3>)', 6],
    ['sqrt(16)', 4],
    ['len(<1, 2>)', 2],
    ['<1, 2, 3>[-1]', 3],
    ['[1, <5, 6>][1][0]', 5],
    ['ramp(0, 1, <1, 2>)[1][1]', 1],
    ['ramp(0, 0.2, <2, 2>)[1][0]', (0.2 * 2) / 3],
    ['len([i for i in 0..5])', 5],
    ['if 1 < 2 { 10 } else { 20 }', 10],
    ['if 1 / 2 == 0.5 and not false { 1 } else { 0 }', 1],
    ['reversed(<1, 2>)[0]', 2],
  ])('%s', (expr, expected) => {
    expect(value(expr)).toBe(expected);
  });

  it.each([
    ['<1, 2, 3, 4>[1..3]', '<int; 2>', [2, 3]],
    ['<1> + <2, 3>', '<int; N>', [1, 2, 3]],
    ['zeros(2)', '<float; 2>', [0, 0]],
    ['<true, false>', '<bool; 2>', [1, 0]],
    ['"text"', 'string', 'text'],
  ])('%s as %s', (expr, type, expected) => {
    expect(value(expr, type)).toEqual(expected);
  });
});

const blocks = `block Scale(n: int, bias: bool = false) {
  param weight: [n] = ones
  param bias: [n] = constant(0.5)   if bias
  forward(x: [..., n]) -> [..., n] { if exists(bias) { x * weight + bias } else { x * weight } }
}
`;

describe('blocks', () => {
  it('names parameters by the path of instances; an argument is hidden by a parameter of its name', () => {
    const m = build(`${blocks}block Pair(n: int) {
  for i in 0..2 { parts[i][2 * i] = Scale(n, bias: i == 1) }
  forward(x: [B, n]) {
    for i in 0..2 { x = parts[i][2 * i](x) }
    x
  }
}
model M(n: int = 3) {
  input x: [B, n]
  pair = Pair(n)
  forward { y = pair(x) }
  output o: [B, n] = y
}`);
    expect(m.parameters.map((p) => [p.name, p.shape, p.init])).toEqual([
      ['pair.parts.0.0.weight', [3], { kind: 'ones', args: {} }],
      ['pair.parts.1.2.weight', [3], { kind: 'ones', args: {} }],
      ['pair.parts.1.2.bias', [3], { kind: 'constant', args: { value: 0.5 } }],
    ]);
    expect(m.graph.nodes.map((n) => `${n.op} ${n.scope}`)).toEqual([
      'mul pair.parts.0.0',
      'mul pair.parts.1.2',
      'add pair.parts.1.2',
    ]);
    expect(m.modules.map((i) => `${i.path}: ${i.block}`)).toEqual([
      ': M',
      'pair: Pair',
      'pair.parts.0.0: Scale',
      'pair.parts.1.2: Scale',
    ]);
  });

  it('a local function, a tuple, a comprehension, arithmetic with numbers', () => {
    const m = build(
      `model M() {
  input x: [B, 4, 6]
  def halves(t: [B, 2 * K, L]) { split(t, sizes: <K, K>, axis: 1) }
  forward {
    (a, b) = halves(x)
    parts = [relu(p) for p in [a, b]]
    y = concat(parts, axis: 1) * 2 - 1 / 2
    z = 1 - y / 4
  }
  output o: [B, 4, 6] = -z
}`
        .replace('2 * K, L]) {', 'C, L]) {')
        .replace('<K, K>', '<C / 2, C / 2>'),
    );
    expect(m.graph.nodes.map((n) => [n.op, n.attrs['factor'], n.attrs['offset']])).toEqual([
      ['split', undefined, undefined],
      ['relu', undefined, undefined],
      ['relu', undefined, undefined],
      ['concat', undefined, undefined],
      ['affine', 2, 0],
      ['affine', 1, -0.5],
      ['affine', 0.25, 0],
      ['affine', -1, 1],
      ['affine', -1, 0],
    ]);
  });

  it('reshape takes the batch as a size, which can be bound where it is merged with another axis', () => {
    const m = build(`block Windows() {
  forward(x: [BW, N, C]) -> [BW, N * C] { reshape(x, [BW, N * C]) }
}
model M(size: <int, int> = <4, 6>) {
  let <H, W> = size
  input x: [B, 3, H, W]
  windows = Windows()
  forward {
    rows = reshape(permute(x, <0, 2, 1, 3>), [B * H, 3, W])
    y = rows |> windows |> reshape([B, H, 3 * W])
  }
  output o: [B, H, 3 * W] = y
}`);
    expect(m.graph.nodes.filter((n) => n.op === 'reshape').map((n) => n.attrs['shape'])).toEqual([
      [8, 3, 6],
      [8, 18],
      [2, 4, 18],
    ]);
    expect(String(m.outputs[0].dims)).toBe('B,H,3*W');
    expect(m.graph.values[m.outputs[0].value].shape).toEqual([2, 4, 18]);
  });

  it('drop-path stays in training only, and where its rate is not 0', () => {
    const text = `model M(rate: float = 0.5) {
  input x: [B, 4]
  forward { y = drop_path(x, rate: rate) }
  output o: [B, 4] = y
}`;
    const count = (set: Record<string, string>, training: boolean) =>
      build(text, set, { training }).graph.nodes.length;
    expect([count({}, true), count({}, false), count({ rate: '0.0' }, true)].map((n) => n > 0)).toEqual([
      true,
      false,
      false,
    ]);
  });
});

const base = `${blocks}model Base(n: int = 3, m: int = 2 * n, dims: <int; N> = <1, 2>) {
  let width = n
  input x: [B, width]
  scale = Scale(width)
  variant tail {
    /// Nothing.
    none_ { def last(t) { t } }
    /// Twice.
    twice { def last(t) { scale(t) } }
  }
  forward { y = x |> scale |> last }
  output o: [B, width] = y
}
train Slow for Base {
  loss = cross_entropy + 0.5 * dice(batch: true)
  optimizer = adamw(lr: 1e-3)
  batch = 2
  steps = 10
}
`;

describe('models', () => {
  it('parameters are chosen with --set; defaults may use earlier ones', () => {
    const m = build(base, { n: '4', dims: '<5, 6, 7>', tail: 'twice' });
    expect(m.config).toEqual({ n: 4, m: 8, dims: [5, 6, 7], tail: 'twice' });
    expect(m.graph.nodes.length).toBe(2);
    expect(build(base).config).toEqual({ n: 3, m: 6, dims: [1, 2], tail: 'none_' });
  });

  it('`extends` overrides defaults, constants, instances and alternatives, and keeps the rest', () => {
    const derived = `import { Base, Scale } from "base.arch"
model Derived(k: int = 5) extends Base(n: k, tail: twice) {
  let width = k + 1
  scale = Scale(width, bias: true)
  variant tail { twice { def last(t) { t |> scale |> scale } } }
}
`;
    const m = build(derived, {}, { files: { 'base.arch': base } });
    expect(m.config).toEqual({ k: 5, n: 5, m: 10, dims: [1, 2], tail: 'twice' });
    expect(m.parameters.map((p) => [p.name, p.shape])).toEqual([
      ['scale.weight', [6]],
      ['scale.bias', [6]],
    ]);
    expect(m.graph.nodes.length).toBe(6);
    expect(m.train.map((t) => `${t.name} ${t.model}`)).toEqual(['Slow Base']);
    const own = `${derived}train Fast for Derived {\n  loss = cross_entropy\n  optimizer = sgd(lr: 1)\n  batch = 1\n  steps = 1\n}\n`;
    expect(build(own, {}, { files: { 'base.arch': base } }).train.map((t) => t.name)).toEqual(['Fast']);
  });

  it('a variant is compared with the names of its alternatives', () => {
    const text = base
      .replace('  forward { y', '  let last_width = if tail == twice { 1 } else { 0 }\n  forward { y')
      .replace('|> last }', '|> last |> affine(factor: last_width) }');
    const factors = (tail: string) =>
      build(text, { tail }).graph.nodes.flatMap((n) => n.attrs['factor'] ?? []);
    expect([factors('twice'), factors('none_')]).toEqual([[1], [0]]);
  });

  it('the last model of the entry file is the one that is built', () => {
    const loaded = loadSpec('s', memoryFiles({ s: `${base}model Other extends Base(n: 9) {}\n` }));
    expect(modelNames(loaded)).toEqual(['Base', 'Other']);
    expect(elaborate(loaded, undefined, {}, 1, ops, { training: false }).model?.name).toBe('Other');
    expect(elaborate(loaded, 'Base', {}, 1, ops, { training: false }).model?.name).toBe('Base');
  });

  it('checks blocks that no model uses, in imported files too', () => {
    const files = {
      s: 'import { A } from "b"\nblock C() {}\n',
      b: 'block A() {}\nblock D(n: int) {\n  let a = nn\n}\n',
    };
    const found = check(loadSpec('s', memoryFiles(files)), ops);
    expect(found.map((d) => `${d.span.file} ${d.code} ${d.hint}`)).toEqual(['b unknown-name `n`']);
  });
});

describe('train sections', () => {
  const outputs = (n: number) => `model M() {
  input x: [B, 4]
  param w: [4] = ones
  forward { y = x * w }
  for i in 0..${n} { output o[i]: [B, 4] = y }
}
`;
  const section = (settings: string) => `train T for M {
  loss = 2 * cross_entropy + dice(batch: true, background: true, smooth: 1e-3)
  optimizer = adamw(lr: 1e-3, betas: <0.8, 0.9>, clip: 1)
  batch = 2
  steps = 10
${settings}
}
`;
  const train = (n: number, settings: string, set = {}) =>
    build(outputs(n) + section(settings), set).train[0];

  it('works out every setting', () => {
    const { span: _, ...t } = train(
      3,
      '  supervise = halving(last: 0)\n  schedule = cosine(to: 1e-6, warmup: 5)\n  validate = 4\n  validate_batches = 3\n  holdout = ["a", "b"]\n  accumulate = 3\n  ema = 0.9\n  freeze = ["w*"]\n  freeze_steps = 5\n  score_decay = 0.5\n  patience = 2\n  foreground = 1 / 3\n  augment = flips + brightness(0.3)\n  seed = 7',
    );
    expect(t).toEqual({
      name: 'T',
      model: 'M',
      loss: [
        { kind: 'cross_entropy', weights: undefined, label_smoothing: 0, weight: 2 },
        { kind: 'dice', weight: 1, batch: true, background: true, smooth: 1e-3, sigmoid: false },
      ],
      supervise: [2 / 3, 1 / 3, 0],
      optimizer: {
        kind: 'adamw',
        lr: 1e-3,
        weight_decay: 0.01,
        betas: [0.8, 0.9],
        eps: 1e-8,
        clip: 1,
      },
      schedule: { kind: 'cosine', to: 1e-6, warmup: 5 },
      batch: 2,
      accumulate: 3,
      steps: 10,
      ema: 0.9,
      freeze: ['w*'],
      freeze_steps: 5,
      validate: 4,
      validate_batches: 3,
      holdout: ['a', 'b'],
      score_decay: 0.5,
      patience: 2,
      foreground: 1 / 3,
      augment: [{ kind: 'flips' }, { kind: 'brightness', range: 0.3, probability: 0.15 }],
      seed: 7,
    });
  });

  it.each([
    [1, 'supervise = halving(last: 0)', [1]],
    [3, '', [1, 0, 0]],
    [2, 'supervise = weights(<3, 1>)', [0.75, 0.25]],
    [3, 'supervise = halving()', [4 / 7, 2 / 7, 1 / 7]],
  ])('%i outputs, %s', (n, settings, expected) => {
    expect(train(n, `  ${settings}`).supervise).toEqual(expected);
  });

  it('`none` says the same as leaving an argument out', () => {
    expect(train(3, '  supervise = halving(last: none)').supervise).toEqual([4 / 7, 2 / 7, 1 / 7]);
    expect(train(1, '', { 'train.clip': 'none' }).optimizer).toMatchObject({
      kind: 'adamw',
      clip: undefined,
    });
    const start = (init: string) =>
      build(
        `model M() {\n  input x: [B, 4]\n  param w: [4, 4] = ${init}\n  forward { y = x + sum(w, <0>) }\n  output o: [B, 4] = y\n}\n`,
      ).parameters[0].init;
    expect(start('kaiming_uniform(a: 1, fan: none)')).toEqual(start('kaiming_uniform(a: 1)'));
  });

  it('--set train.… changes settings, and arguments of the optimizer', () => {
    const t = train(1, '  seed = 1', {
      'train.lr': '0.5',
      'train.steps': '3',
      'train.schedule': 'poly(power: 0.9)',
    });
    expect([t.optimizer.lr, t.steps, t.schedule]).toEqual([0.5, 3, { kind: 'poly', power: 0.9, warmup: 0 }]);
  });
});
