import { describe, expect, it } from 'vitest';
import { diagnose, forward, type MistakeCase, model, testMistakes, train } from './testing.ts';
import { warningDiagnostics } from './warnings.ts';

const act = 'block Act() {\n  forward(x: [B, ...]) { relu(x) }\n}\n';
const end = '  forward { y = x }\n  output out: [B, 4, 8, 8] = y';
const block = (params: string, body: string) =>
  `block A(${params}) {\n${body}\n}\n${model(`  a = A()\n  forward { y = a(x) }\n  output out: [B, 4, 8, 8] = y`)}`;

const norm = '  param w: [4] = ones\n  param b: [4] = zeros\n';
const output = '\n  output out: [B, 4, 8, 8] = y';
/** A block with a parameter. */
const scale = 'block Scale() {\n  param s: [1] = ones\n  forward(x: [B, ...]) { x * s }\n}\n';

const recipe = (optimizer: string) =>
  `  loss = cross_entropy\n  optimizer = adam(${optimizer})\n  batch = 1\n  steps = 1`;

const cases: MistakeCase[] = [
  {
    code: 'batch-dependent',
    text: model(`${norm}  forward { y = ⟦batch_norm(x, w, b) }${output}`),
  },
  {
    code: 'batch-dependent',
    title: 'outside of training only',
    text: model(`  forward { (y, _m, _v) = ⟦batch_norm_train(x) }${output}`),
  },
  { code: 'unused-name', title: 'a buffer', text: model(`  buffer ⟦n: [4] = ones\n${end}`) },
  {
    code: 'unused-import',
    text: `import { Act, ⟦Other } from "acts.arch"\n${model('  a = Act()\n  forward { y = a(x) }\n  output out: [B, 4, 8, 8] = y')}`,
    files: { 'acts.arch': `${act}${act.replace('Act', 'Other')}` },
  },
  {
    code: 'unused-import',
    title: 'in a file that the spec imports by a path of its own',
    text: `import { Act } from "lib/acts.arch"\n${model('  a = Act()\n  forward { y = a(x) }\n  output out: [B, 4, 8, 8] = y')}`,
    files: {
      'lib/acts.arch': `import { ⟦Other } from "more.arch"\n${act}`,
      'lib/more.arch': act.replace('Act', 'Other'),
    },
  },
  { code: 'unused-name', title: 'a parameter of a model', text: model(end, 'n: int = 1, ⟦m: int = n') },
  {
    code: 'unused-name',
    title: 'a parameter of a block',
    text: block('⟦slope: float = 0.1', '  forward(x: [B, ...]) { relu(x) }'),
  },
  {
    code: 'unused-name',
    title: 'a constant',
    text: model(`  let <a, ⟦b> = <1, 2>\n  let c = a\n  require c == 1\n${end}`),
  },
  { code: 'unused-name', title: 'an instance', text: `${model(`  ⟦a = Act()\n${end}`)}${act}` },
  {
    code: 'unused-name',
    title: 'an instance under a condition',
    text: `${model(`  ⟦a = Act()   if n > 3\n${end}`, 'n: int = 1')}${act}`,
  },
  {
    code: 'unused-name',
    title: 'a tensor',
    text: block('', '  param ⟦w: [4] = ones\n  forward(x: [B, ...]) { relu(x) }'),
  },
  { code: 'unused-name', title: 'a function', text: model(`  def ⟦f(a) { a }\n${end}`) },
  {
    code: 'unused-name',
    title: 'an argument',
    text: block('', '  forward(x: [B, ...]) { f(x, x) }\n  def f(a, ⟦b) { relu(a) }'),
  },
  {
    code: 'unused-name',
    title: 'an argument of the name of a parameter',
    text: block('n: float = 1', '  forward(x: [B, ...]) { f(x, n) }\n  def f(x, ⟦n) { relu(x) }'),
  },
  { code: 'unused-name', title: 'an input', text: model(`  input ⟦mask: [B, 8, 8]\n${end}`) },
  { code: 'unused-name', title: 'what forward binds', text: forward('    ⟦z = relu(x)\n    y = x') },
  { code: 'unused-name', title: 'one of several results', text: forward('    (y, ⟦z) = [x, x]') },
  {
    code: 'unused-name',
    title: 'what a branch that is not taken binds',
    text: forward('    if false { ⟦z = 1 }\n    y = x'),
  },
  {
    code: 'unused-name',
    title: 'a loop variable',
    text: forward('    y = x\n    for ⟦i in <1, 2> { y = relu(y) }'),
  },
  {
    code: 'unused-name',
    title: 'the variable of a comprehension',
    text: model(`  let v = [2 for ⟦i in <1, 2>]\n  require len(v) == 2\n${end}`),
  },
  {
    code: 'unused-name',
    title: 'of declarations in a loop',
    text: model(`  for ⟦i in [1, 2] { require true }\n${end}`),
  },
  {
    code: 'unused-name',
    title: 'in a model that extends another',
    text: `model N extends M() {\n  let k = 2\n  forward {\n    ⟦z = x\n    y = x\n  }\n}\n${model(`  let k = 1\n  require k > 0\n${end}`)}`,
  },
  { code: 'unused-value', text: forward('    ⟦relu(x)\n    y = x') },
  {
    code: 'unused-value',
    title: "the last line of a model's forward",
    text: forward('    y = x\n    ⟦relu(y)'),
  },
  { code: 'unused-value', title: 'in a loop', text: forward('    y = x\n    for i in 0..2 { ⟦y * i }') },
  {
    code: 'unused-value',
    title: 'in a branch of an `if` that is no value',
    text: block('', '  forward(x: [B, ...]) {\n    if true { ⟦x } else { y = x }\n    x\n  }').replace(
      'y = x',
      '_y = x',
    ),
  },
  {
    code: 'unreached',
    title: 'an instance whose result is thrown away',
    text: `${model(`  ⟦a = Scale()\n  forward {\n    y = a(x)\n    y = x\n  }${output}`)}${scale}`,
  },
  {
    code: 'unreached',
    title: 'an instance that is called in a branch that is not taken',
    text: `${model(`  ⟦a = Scale()\n  forward { y = if k { a(x) } else { x } }${output}`, 'k: bool = false')}${scale}`,
  },
  {
    code: 'unreached',
    title: 'some of several instances, at their one declaration',
    text: `${model(`  for i in 0..4 { ⟦a[i] = Scale() }\n  forward { y = x |> a[0] |> a[2] }${output}`)}${scale}`,
  },
  {
    code: 'unreached',
    title: 'a parameter',
    text: block(
      '',
      '  param ⟦w: [4] = ones\n  forward(x: [B, ...]) {\n    z = relu(w)\n    if false { z } else { relu(x) }\n  }',
    ),
  },
  {
    code: 'unreached',
    title: 'part of a block that comes with archc, whose result is not used',
    text: `import { Two } from "archc/two.arch"\n${model(`  ⟦a = Two()\n  forward {\n    ys = a(x)\n    y = ys[0]\n  }${output}`)}`,
    files: {
      'archc/two.arch': `block Two() {\n  l = Scale()\n  r = Scale()\n  forward(x: [B, ...]) { [l(x), r(x)] }\n}\n${scale}`,
    },
  },
  {
    code: 'unreached',
    title: 'of a base model, where the extending one leaves it out',
    text: `${model(`  ⟦a = Scale()\n  forward { y = a(x) }${output}`)}model N extends M() {\n  forward { y = x }\n}\n${scale}`,
  },
  {
    code: 'unsupervised-output',
    text: `${model('  forward { y = x }\n  output a: [B, 4, 8, 8] = y\n  output ⟦b: [B, 4, 8, 8] = relu(y)')}train T for M {\n${recipe('lr: 0.1')}\n}\n`,
  },
  {
    code: 'unsupervised-output',
    title: 'in a loop',
    text: `${model('  forward { y = x }\n  for i in 0..3 { output ⟦y[i]: [B, 4, 8, 8] = y * (i + 1) }')}train T for M {\n${recipe('lr: 0.1')}\n}\n`,
  },
  { code: 'below-f32', text: forward('    y = x + ⟦1e-46') },
  { code: 'below-f32', title: 'a denormal number', text: forward('    y = x * ⟦1e-40') },
  { code: 'below-f32', title: 'the inverse of a divisor', text: forward('    y = x / ⟦1e39') },
  { code: 'below-f32', title: 'an attribute', text: forward('    y = leaky_relu(x, slope: ⟦1e-50)') },
  {
    code: 'below-f32',
    title: 'through a block',
    text: `${model(`  a = Shift(⟦1e-50)\n  forward { y = a(x) }\n  output out: [B, 4, 8, 8] = y`)}block Shift(by: float) {\n  forward(x: [B, ...]) { x + by }\n}\n`,
  },
  { code: 'below-f32', title: 'a setting', text: train(recipe('lr: ⟦1e-50')) },
  { code: 'set-twice', text: `⟦${model(`  require n > 0\n${end}`, 'n: int = 1')}`, set: { n: ['2', '3'] } },
];

/** Specs without warnings. */
const fine: [string, string, Readonly<Record<string, string>>?][] = [
  [
    'a name that begins with _',
    model(`  let _k = 1\n  for _ in 0..2 { require true }\n${end}`, '_n: int = 1'),
  ],
  [
    'what is declared under a condition that is false',
    `${model(`  a = Scale()   if k\n  forward { y = if k { a(x) } else { x } }${output}`, 'k: bool = false')}${scale}`,
  ],
  [
    'what leads to an output whose condition is false',
    `${model(`  a = Scale()\n  forward {\n    y = x\n    ys = [x, a(x)]\n  }${output}\n  output b: [B, 4, 8, 8] = ys[1]   if k`, 'k: bool = false')}${scale}`,
  ],
  [
    'the alternative that is not chosen',
    `${model(`  variant v {\n    one { def f(x) { x } }\n    two {\n      a = Scale()\n      def f(x) { a(x) }\n    }\n  }\n  forward { y = f(x) }${output}`)}${scale}`,
  ],
  [
    'a weight that is declared to be 0',
    `${model(`  a = Scale()\n  forward { y = x }\n  output p: [B, 4, 8, 8] = y\n  output q: [B, 4, 8, 8] = a(y)`)}${scale}train T for M {\n${recipe('lr: 0.1')}\n  supervise = weights(<1, 0>)\n}\n`,
  ],
  [
    'a recipe without `supervise` beside one that has it',
    `${model(`  forward { y = x }\n  output p: [B, 4, 8, 8] = y\n  output q: [B, 4, 8, 8] = y * 2`)}train T for M {\n${recipe('lr: 0.1')}\n}\ntrain S for M {\n${recipe('lr: 0.1')}\n  supervise = halving()\n}\n`,
  ],
  [
    'what a block that comes with archc does not use in one instance',
    `import { Odd } from "archc/odd.arch"\n${model(`  a = Odd(false)\n  b = Odd(true)\n  forward { y = x |> a |> b }${output}`)}`,
    {
      'archc/odd.arch': `block Odd(k: bool) {\n  param w: [1] = ones\n  forward(x: [B, ...]) { if k { x * w } else { relu(x) } }\n}\nblock Unused(n: int) {}\n`,
    },
  ],
  [
    'what only an extending model reads',
    `${model(`  let k = 2\n${end}`)}model N extends M() {\n  forward { y = x * k }\n}\n`,
  ],
  [
    'loops over a range that only repeat',
    model(
      '  let v = [2 for i in 0..3]\n  for i in 0..2 { require len(v) == 3 }\n  forward {\n    y = x\n    for i in 0..3 { y = relu(y) }\n  }\n  output out: [B, 4, 8, 8] = y',
    ),
  ],
  [
    'a loop over instances',
    `${model(`  for i in 0..3 { a[i] = Scale() }\n  forward {\n    y = x\n    for i in 0..3 { y = a[i](y) }\n  }${output}`)}${scale}`,
  ],
];

describe('warnings', () => {
  testMistakes(warningDiagnostics, cases);

  it.each(fine)('none: %s', (_, text, files) => {
    expect(diagnose({ code: '', text, files }).diagnostics).toEqual([]);
  });

  it('one mistake is one warning: what an unused name holds is not lost again', () => {
    const text = `${model(`  a = Scale()\n  forward {\n    z = a(x)\n    y = x\n  }${output}`)}${scale}`;
    const { diagnostics } = diagnose({ code: '', text });
    expect(diagnostics.map((d) => [d.code, d.span.line])).toEqual([['unused-name', 5]]);
  });

  it('names the tensors that are lost', () => {
    const text = `${model(`  for i in 0..6 { a[i] = Scale() }\n  forward { y = a[0](x) }${output}`)}${scale}`;
    const [{ message }] = diagnose({ code: '', text }).diagnostics;
    expect(message).toBe('no output depends on `a[1]`, `a[2]`, `a[3]` and 2 more');
  });
});
