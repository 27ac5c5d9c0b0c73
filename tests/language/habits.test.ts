import { describe, expect, it } from 'vitest';
import { forward, model } from '../../src/language/diagnostics/testing.ts';
import { constant, diagnosed, end, testHabits, using } from './habit-testing.ts';

const foreign = (what: string) => `[foreign-syntax] ${what}`;
const body = foreign('a body stands in { }, not behind `:`');
const inForward = (statements: string) => model(`  ${statements}\n  output out: [B, 4, 8, 8] = y`);

testHabits("bodies in Python's form are one mistake", [
  [inForward('forward⟦:\n    y = relu(x)\n    z = y'), body, '`forward { … }`'],
  [
    'block Foo()⟦:\n  forward(x):\n    if true:\n      relu(x)\n    else:\n      x\n',
    body,
    '`block Foo() { … }`',
  ],
  [
    forward(
      '    y = x\n    if true⟦:\n      y = relu(x)\n    elif false:\n      y = x\n    else:\n      y = silu(x)',
    ),
    body,
    '`if true { … }`',
  ],
  [forward('    y = x\n    for i in range(3)⟦:\n      y = relu(y)'), body, '`for i in 0..3 { … }`'],
  [
    forward('    y = x\n    for i in range(1, 3)⟦:\n      y = relu(y)\n    y = silu(y)'),
    body,
    '`for i in 1..3 { … }`',
  ],
  [forward('    y = x\n    if true⟦: y = relu(x)'), body, '`if true { … }`'],
  [
    model(`  def f(a)⟦:\n    relu(a)\n  forward { y = f(x) }\n  output out: [B, 4, 8, 8] = y`),
    body,
    '`def f(a) { … }`',
  ],
  [
    `${forward('    y = x')}train T for M⟦:\n  loss = cross_entropy\n  batch = 1\n  steps = 1\n  optimizer = adam(lr: 0.1)\n`,
    body,
    '`train T for M { … }`',
  ],
  [
    'model M()⟦:\n  input x: [B, 4]\n  forward:\n    y = x\n  output o: [B, 4] = y\n',
    body,
    '`model M() { … }`',
  ],
]);

testHabits('statements of other languages', [
  [
    `⟦class Foo(nn.Module):\n  def __init__(self):\n    self.a = 1\n${forward('    y = x')}`,
    foreign('there are no classes'),
    '`block Foo(…) { … }`',
  ],
  [
    `⟦import torch\n${forward('    y = x')}`,
    foreign('`import` takes names in { } from a file'),
    '`import { torch } from "file.arch"`',
  ],
  [
    `⟦import torch.nn as nn\n${forward('    y = x')}`,
    foreign('`import` takes names in { } from a file'),
    '`import { torch } from "file.arch"`',
  ],
  [
    `⟦from blocks import Head\n${forward('    y = x')}`,
    foreign('an import begins with `import`'),
    '`import { Head } from "file.arch"`',
  ],
  [
    `⟦import Head from "head.arch"\n${forward('    y = x')}`,
    foreign('`import` takes names in { } from a file'),
    '`import { Head } from "file.arch"`',
  ],
  [
    'block A() {\n  forward(x) {\n    ⟦return relu(x)\n  }\n}\n',
    foreign('there is no `return`'),
    'the last expression of a body is its result',
  ],
  [
    'block A() {\n  ⟦def forward(self, x) { relu(x) }\n}\n',
    foreign('`forward` is declared without `def`'),
    '`forward(x: [B, …]) { … }`',
  ],
  [
    'block A() {\n  forward(⟦self, x) { relu(x) }\n}\n',
    foreign('an instance is not passed to its own `forward`'),
    '`forward(x: [B, …])`, without `self`',
  ],
  [
    'block A() {\n  ⟦def __init__(self, n):\n    self.n = n\n  forward(x) { relu(x) }\n}\n',
    foreign('there is no `__init__`'),
    'arguments of a block stand behind its name: `block Name(n: int) { … }`',
  ],
  [
    forward('    y = x\n    ⟦while true { y = relu(y) }'),
    foreign('there is no `while`'),
    'loops are worked out before anything runs: `for i in 0..n { … }`',
  ],
  [
    forward('    y = if false { x } else { x }\n    if false { z = x }\n    ⟦elif true { z = x }'),
    foreign('there is no `elif`'),
    '`else if c { … }`',
  ],
  [
    model(`  ⟦const n = 3\n${end}`),
    foreign('there is no `const`'),
    '`let n = …`, and `n = …` inside `forward`',
  ],
  [model(`  ⟦assert 3 > 2, "more"\n${end}`), foreign('there is no `assert`'), '`require c, "message"`'],
  [
    model(`  let n = 3⟦;\n${end}`),
    foreign('there is no `;` between statements'),
    'a statement ends with its line',
  ],
  [
    forward('    ⟦a, b = split(x, sizes: <2, 2>, axis: 1)\n    y = concat(a, b, axis: 1)'),
    foreign('several names stand in parentheses'),
    '`(a, b) = …`',
  ],
]);

testHabits('operators of other languages', [
  [constant('n ⟦// 2'), foreign('`//` begins a comment'), '`floor(n / 2)`; `/` divides exactly'],
  [constant('max(n ⟦// 2, 3)'), foreign('`//` begins a comment'), '`floor(n / 2)`; `/` divides exactly'],
  [constant('8 ⟦// n'), foreign('`//` begins a comment'), '`floor(8 / n)`; `/` divides exactly'],
  [
    using('Act(4 ⟦// 2)') + 'block Act(n: int) {\n  forward(x) { relu(x) }\n}\n',
    foreign('`//` begins a comment'),
    '`floor(4 / 2)`; `/` divides exactly',
  ],
  [constant('true ⟦&& false'), foreign('there is no `&&`'), '`and`'],
  [constant('true ⟦|| false'), foreign('there is no `||`'), '`or`'],
  [constant('⟦!true'), foreign('there is no `!`'), '`not`'],
  [constant('n ⟦** 2'), foreign('there is no `**`'), '`^` of numbers; of tensors, `x * x`'],
  [forward('    y = x ⟦** 2'), foreign('there is no `**`'), '`^` of numbers; of tensors, `x * x`'],
  [constant('n ⟦=== 2'), foreign('there is no `===`'), '`==`'],
  [
    forward('    y = x\n    y ⟦+= x'),
    foreign('there is no `+=`'),
    '`y = y + …` inside `forward`; a constant does not change',
  ],
  [
    forward('    y = x\n    y ⟦*= 2'),
    foreign('there is no `*=`'),
    '`y = y * …` inside `forward`; a constant does not change',
  ],
  [constant('n ⟦? 1 : 2'), foreign('there is no `?`'), '`if c { a } else { b }`'],
  [constant('1 ⟦if n > 2 else 3'), foreign('a condition stands in front'), '`if c { a } else { b }`'],
  [forward('    y = x ⟦@ x'), foreign('there is no `@`'), '`matmul(a, b)`, or `linear(x, weight, bias)`'],
  [constant('n ⟦is none'), foreign('there is no `is`'), '`==`, or `not exists(x)`'],
  [
    constant('<1, 2, 3>[0⟦:2]'),
    foreign('a slice is a range'),
    '`xs[0..2]` of a list or vector; of a tensor, `slice(x, axis: 1, start: 0, end: 2)`',
  ],
]);

const compares = foreign('`=` binds a name');
testHabits('`=` for `:` and for `==`', [
  [forward('    y = softmax(x, axis⟦=1)'), foreign('an argument is named with `:`'), '`axis: 1`'],
  [
    using('Act(bias⟦=false)') + 'block Act(bias: bool) {\n  forward(x) { relu(x) }\n}\n',
    foreign('an argument is named with `:`'),
    '`bias: false`',
  ],
  [
    using('Act(\n    bias⟦=true,\n  )') + 'block Act(bias: bool) {\n  forward(x) { relu(x) }\n}\n',
    foreign('an argument is named with `:`'),
    '`bias: true`',
  ],
  [
    `${model(end, 'n: int = 1')}model S extends M(n⟦=2) {}\n`,
    foreign('an argument is named with `:`'),
    '`n: 2`',
  ],
  ['block A(n⟦=3) {}\n', foreign('a parameter has a type'), '`n: int = 3`'],
  [forward('    n = 3\n    y = if n ⟦= 3 { x } else { relu(x) }'), compares, '`==` compares'],
  [model(`  require 3 ⟦= 3, "so"\n${end}`), compares, '`==` compares'],
  [using('Act()   if 3 ⟦= 3') + 'block Act() {\n  forward(x) { relu(x) }\n}\n', compares, '`==` compares'],
  [forward('    n = 3\n    y = if (n ⟦= 3) { x } else { relu(x) }'), compares, '`==` compares'],
]);

const members = foreign('values have no members');
const own = foreign("a block's own parts go by their names alone");
const modules = foreign('functions and blocks go by their names alone');
testHabits('dots', [
  [
    inForward('head = Act()\n  forward { y = ⟦self.head(x) }') +
      'block Act() {\n  forward(x) { relu(x) }\n}\n',
    own,
    '`head(x)`',
  ],
  [
    inForward('head[0] = Act()\n  forward { y = ⟦self.head[0](x) }') +
      'block Act() {\n  forward(x) { relu(x) }\n}\n',
    own,
    '`head`',
  ],
  [
    forward('    skips = []\n    skips⟦.append(x)\n    y = skips[0]'),
    foreign('lists do not change'),
    '`skips = skips + [x]`',
  ],
  [
    forward('    skips = []\n    for i in 0..2 { skips⟦.append(relu(x)) }\n    y = skips[1]'),
    foreign('lists do not change'),
    '`skips = skips + [relu(x)]`',
  ],
  [constant('⟦.001'), foreign('a number has digits alone, on both sides of its dot'), '`0.001`'],
  [constant('3⟦.'), foreign('a number has digits on both sides of its dot'), '`3.0`'],
  [constant('⟦1_000'), foreign('a number has digits alone, on both sides of its dot'), '`1000`'],
  [forward('    n = x⟦.shape[1]\n    y = x'), members, '`shape(x)[1]`'],
  [forward('    n = x⟦.size(0)\n    y = x'), members, '`shape(x)[0]`'],
  [forward('    y = x⟦.relu()'), members, '`relu(x)`, or `x |> relu`'],
  [forward('    y = x⟦.permute(<0, 1, 2, 3>)'), members, '`permute(x, …)`, or `x |> permute(…)`'],
  [forward('    y = x⟦.view(B, 4, 8, 8)'), members, '`reshape(x, [B, …])`'],
  [forward('    y = x⟦.cuda()'), members, 'leave it out'],
  [forward('    y = ⟦torch.cat(x, x)'), modules, '`concat(a, b, axis: 1)`'],
  [forward('    y = ⟦F.relu(x)'), modules, '`relu(…)`'],
  [forward('    y = ⟦torch.nn.functional.relu(x)'), modules, '`relu(…)`'],
  [using('⟦nn.Conv2d(4, 4, 1)'), modules, '`Conv2d(…)`'],
]);

testHabits('strings and comments of other languages', [
  [constant("⟦'same'"), foreign("strings do not stand in '"), '`"same"`'],
  [
    forward('    y = x ⟦# the input'),
    foreign('`#` begins no comment'),
    '`// …`, and `/// …` above a declaration',
  ],
  [
    forward('    y = x ⟦/* the input */'),
    foreign('`/*` begins no comment'),
    '`// …`, and `/// …` above a declaration',
  ],
  [
    `⟦"""What it is.\nAnd more."""\n${forward('    y = x')}`,
    foreign('a string ends with its line'),
    '`/// …` above a declaration describes it',
  ],
]);

describe('what looks foreign and is not', () => {
  it.each([
    ['a comment that is a number of no use', forward('    y = x  // 2 axes stay as they are')],
    [
      'a comment with brackets',
      forward('    y = concat(\n      x,  // the skip (see 3)\n      axis: 1,\n    )'),
    ],
    ['a comment of one word', forward('    y = relu(x)  // stem')],
    ['ranges', forward('    y = x\n    for i in 0..2 { y = relu(y) }')],
    ['a minus before a number in an argument', forward('    y = softmax(x, axis: -1)')],
    ['words of Python as names', forward('    match = x\n    is = relu(match)\n    self = is\n    y = self')],
    ['a condition around a binding', forward('    y = x\n    if 3 == 3 { y = relu(x) }\n    y = y')],
    [
      'a condition behind a declaration',
      using('Act(n: 3)   if 3 == 3') + 'block Act(n: int = 2) {\n  forward(x) { relu(x) }\n}\n',
    ],
  ])('%s', (_, text) => {
    expect(
      diagnosed(text)
        .filter((d) => d.severity === 'error')
        .map((d) => `${d.code} ${d.message}`),
    ).toEqual([]);
  });
});

it('each of five lines in Python is told, and what else is wrong below them', () => {
  const text = forward(
    '    y = x\n    y += x\n    y = x.relu()\n    z = [y].append(y)\n    w = 3 // 2\n    v = n && true\n    u = reluu(x)',
  );
  expect(diagnosed(text).map((d) => `${d.code} ${d.span.line}`)).toEqual([
    ...[5, 6, 7, 8, 9].map((line) => `foreign-syntax ${line}`),
    'unknown-name 10',
  ]);
});
