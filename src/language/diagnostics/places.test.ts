import { describe, expect, it } from 'vitest';
import { diagnose, forward, type MistakeCase, model } from './testing.ts';

/** Where one diagnostic points: its place first, then its labels, each as `file:line:column text`. */
function places(c: Pick<MistakeCase, 'text' | 'files'>): string[] {
  const { diagnostics } = diagnose({ code: '', ...c });
  expect(diagnostics.map((d) => d.code)).toHaveLength(1);
  const [{ code, span, labels }] = diagnostics;
  return [
    `${code} ${span.file}:${span.line}:${span.column}`,
    ...labels.map((l) => `${l.span.file}:${l.span.line}:${l.span.column} ${l.text}`),
  ];
}

const end = '  forward { y = x }\n  output out: [B, 4, 8, 8] = y';
const act = 'block Act() {\n  forward(x: [B, ...]) { relu(x) }\n}\n';

describe('two declarations of one name are both shown', () => {
  it.each([
    ['instances', model(`  head = Act()\n  head = Act()\n${end}`) + act, 'spec.arch:4:3', 'spec.arch:3:3'],
    ['constants', model(`  let a = 1\n  let a = 2\n${end}`), 'spec.arch:4:7', 'spec.arch:3:7'],
    [
      'indexed instances',
      model(`  a[0] = Act()\n  a[0] = Act()\n${end}`) + act,
      'spec.arch:4:3',
      'spec.arch:3:3',
    ],
    ['blocks', 'block A() {}\nblock A() {}\n', 'spec.arch:2:7', 'spec.arch:1:7'],
    ['parameters of a block', 'block A(n: int, n: int) {}\n', 'spec.arch:1:17', 'spec.arch:1:9'],
    ['arguments', 'block A() {\n  forward(x, x) { x }\n}\n', 'spec.arch:2:14', 'spec.arch:2:11'],
    ['outputs', model(`${end}\n  output out: [B, 4, 8, 8] = y`), 'spec.arch:5:10', 'spec.arch:4:10'],
    [
      'tensors',
      `block A() {\n  param w: [1] = zeros\n  param w: [2] = zeros\n}\n`,
      'spec.arch:3:9',
      'spec.arch:2:9',
    ],
    [
      'a parameter that the base has',
      `${model(end, 'n: int = 1')}model S(n: int = 2) extends M {}\n`,
      'spec.arch:6:9',
      'spec.arch:1:9',
    ],
  ])('%s', (_, text, second, first) => {
    expect(places({ text })).toEqual([`duplicate-name ${second}`, `${first} declared here first`]);
  });

  it('an import and a block', () => {
    const text = `import { Act } from "act.arch"\n${act}`;
    expect(places({ text, files: { 'act.arch': act } })).toEqual([
      'duplicate-name spec.arch:2:7',
      'spec.arch:1:10 declared here first',
    ]);
  });

  it('settings', () => {
    const text = `${forward('    y = x')}train T for M {\n  loss = cross_entropy\n  batch = 1\n  steps = 1\n  batch = 2\n  optimizer = adam(lr: 0.1)\n}\n`;
    expect(places({ text })).toEqual([
      'duplicate-setting spec.arch:12:3',
      'spec.arch:10:3 declared here first',
    ]);
  });

  it('an instance that a loop declares anew has one place', () => {
    const [d] = diagnose({
      code: '',
      text: model(`  for i in 0..2 { a = Act() }\n${end}`) + act,
    }).diagnostics;
    expect([d.code, d.labels, d.notes]).toEqual([
      'duplicate-name',
      [],
      ['a loop around it declares it again'],
    ]);
  });
});

describe('a circle is shown with all its links', () => {
  const user = model(`  p = P()\n${end}`);
  it.each([
    ['of one', 'block P() {\n  p = P()\n}\n', ['spec.arch:8:7 P contains P']],
    [
      'of two',
      'block P() {\n  q = Q()\n}\nblock Q() {\n  p = P()\n}\n',
      ['spec.arch:11:7 Q contains P', 'spec.arch:8:7 P contains Q'],
    ],
    [
      'of three, declared in another order',
      'block R() {\n  p = P()\n}\nblock P() {\n  q = Q()\n}\nblock Q() {\n  r = R()\n}\n',
      ['spec.arch:14:7 Q contains R', 'spec.arch:8:7 R contains P', 'spec.arch:11:7 P contains Q'],
    ],
  ])('of blocks, %s', (_, blocks, labels) => {
    const found = places({ text: user + blocks });
    expect(found).toEqual([`recursive-block ${labels[0].split(' ')[0]}`, ...labels]);
  });

  it('of imports', () => {
    const files = {
      'b.arch': 'import { C } from "c.arch"\nblock B2() {}\n',
      'c.arch': '\nimport { A } from "spec.arch"\nblock C() {}\n',
    };
    expect(places({ text: 'import { B2 } from "b.arch"\nblock A() {}\n', files })).toEqual([
      'import-cycle c.arch:2:19',
      'spec.arch:1:20 imports b.arch',
      'b.arch:1:19 imports c.arch',
      'c.arch:2:19 imports spec.arch',
    ]);
  });

  it('of models', () => {
    const text = 'model A extends C {}\nmodel C extends D {}\nmodel D extends A {}\n';
    expect(places({ text })).toEqual([
      'recursive-extends spec.arch:1:17',
      'spec.arch:1:17 A extends C',
      'spec.arch:2:17 C extends D',
      'spec.arch:3:17 D extends A',
    ]);
  });
});

describe('an instance with an index is named as it is written', () => {
  const blocks =
    'block Conv() {\n  forward(x: [B, 3, H, W]) { x }\n}\nblock Stage() {\n  blocks[0] = Conv()\n  forward(x) { blocks[0](x) }\n}\n';
  it.each([
    ['conv[0] = Conv()', 'conv[0](x)', '`conv[0]` expects x: [B, 3, H, W], but gets [B, 4, 8, 8]', []],
    [
      'conv[1][2] = Conv()',
      'conv[1][2](x)',
      '`conv[1][2]` expects x: [B, 3, H, W], but gets [B, 4, 8, 8]',
      [],
    ],
    ['conv = Conv()', 'conv(x)', '`conv` expects x: [B, 3, H, W], but gets [B, 4, 8, 8]', []],
    [
      'stages[1] = Stage()',
      'stages[1](x)',
      '`blocks[0]` expects x: [B, 3, H, W], but gets [B, 4, 8, 8]',
      ['in `stages[1]`'],
    ],
    ['conv[0] = Conv()', 'conv[0](x, x)', '`conv[0]` takes one argument, but 2 are given', []],
    [
      'conv[0] = Conv()',
      'relu(conv[0])',
      'the operand `x` of relu should be a tensor, but is the instance `conv[0]` of Conv',
      [],
    ],
  ])('%s, %s', (instance, call, message, notes) => {
    const text = `${model(`  ${instance}\n  forward { y = ${call} }\n  output out: [B, 4, 8, 8] = y`)}${blocks}`;
    const [d, ...others] = diagnose({ code: '', text }).diagnostics;
    expect(others).toEqual([]);
    expect(d.message).toBe(message);
    expect(d.notes.filter((n) => n.startsWith('in '))).toEqual(notes);
  });
});
