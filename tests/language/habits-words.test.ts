import { expect, it } from 'vitest';
import { forward, model } from '../../src/language/diagnostics/testing.ts';
import { constant, diagnosed, end, testHabits } from './habit-testing.ts';

const foreign = (what: string) => `[foreign-syntax] ${what}`;
const noReturn: readonly [string, string] = [
  foreign('there is no `return`'),
  'the last expression of a body is its result',
];
testHabits('words of other languages within a line', [
  ['block A() {\n  forward(x: [B, ...]) { ⟦return relu(x) }\n}\n', ...noReturn],
  [
    model('  def f(a) { ⟦return relu(a) }\n  forward { y = f(x) }\n  output out: [B, 4, 8, 8] = y'),
    ...noReturn,
  ],
  ['block A() {\n  forward(x: [B, ...]) { if true { ⟦return [x] } else { x } }\n}\n', ...noReturn],
  [
    forward('    y = x\n    if true { y = relu(x) } ⟦elif false { y = x } else { y = silu(x) }'),
    foreign('there is no `elif`'),
    '`else if c { … }`',
  ],
  [
    forward('    y = if true { relu(x) } ⟦elif false { x } else { x }'),
    foreign('there is no `elif`'),
    '`else if c { … }`',
  ],
  [
    model(`  if true { let a = 1 } ⟦elif false { let a = 2 }\n  require a == 1\n${end}`),
    foreign('there is no `elif`'),
    '`else if c { … }`',
  ],
  [forward('    f = ⟦lambda x: x\n    y = f(x)'), foreign('functions have names'), '`def f(x) { … }`'],
  [model(`  let f = ⟦lambda a, b: a\n${end}`), foreign('functions have names'), '`def f(a, b) { … }`'],
  [forward('    y = relu(⟦lambda x: x)'), foreign('functions have names'), '`def f(x) { … }`'],
]);

const variables = foreign('a loop has one variable');
testHabits('loops of several variables', [
  [
    forward('    r = [x, x]\n    y = x\n    ⟦for i, l in enumerate(r) { y = l }'),
    variables,
    '`for i in 0..len(r) { l = r[i] … }`',
  ],
  [
    forward('    y = x\n    ⟦for i, l in enumerate(shape(x)) {\n      y = relu(y) * l\n    }'),
    variables,
    '`for i in 0..len(xs) { l = xs[i] … }`',
  ],
  [
    forward('    y = x\n    ⟦for (a, b) in zip([x], [x]) { y = a }'),
    variables,
    '`for i in 0..len(xs) { … xs[i] … }`',
  ],
  [
    forward('    ys = [relu(l) ⟦for i, l in enumerate([x])]\n    y = ys[0]'),
    variables,
    '`for i in 0..len(xs) { l = xs[i] … }`',
  ],
  [
    model(`  ⟦for i, d in enumerate(depths) { require d > i }\n${end}`, 'depths: <int; 2> = <1, 2>'),
    variables,
    '`for i in 0..len(depths) { d = depths[i] … }`',
  ],
]);

const noValues: readonly [string, string] = [
  foreign('strings hold no values'),
  'plain text: `"…"`, without `{ }`',
];
testHabits('strings with a prefix', [
  [model(`  require n == 3, ⟦f"n is {n}"\n${end}`, 'n: int = 3'), ...noValues],
  [model(`  require n == 3, ⟦f'n is {n}'\n${end}`, 'n: int = 3'), ...noValues],
  [constant('⟦f"{n}"'), ...noValues],
  [constant('⟦f"a"'), foreign('strings have no prefix'), '`"a"`'],
  [constant('⟦r"a"'), foreign('strings have no prefix'), '`"a"`'],
]);

const body = foreign('a body stands in { }, not behind `:`');
testHabits("Python's bodies with `return` and `self` are one mistake", [
  [
    'block A() {\n  b = C()\n  forward(x)⟦:\n    x = self.b(x)\n    return x\n}\nblock C() {\n  forward(x) { relu(x) }\n}\n',
    body,
    '`forward(x) { … }`',
  ],
  [
    'block A() {\n  forward(x)⟦:\n    y = relu(x)\n    if true:\n      return y\n    else:\n      return x\n}\n',
    body,
    '`forward(x) { … }`',
  ],
  [
    model('  def f(x)⟦:\n    return relu(x)\n  forward { y = f(x) }\n  output o: [B, 4, 8, 8] = y'),
    body,
    '`def f(x) { … }`',
  ],
  [
    'model M() {\n  input image: [B, 4]\n  forward(x)⟦:\n    y = relu(x)\n    return y\n  output o: [B, 4] = y\n}\n',
    body,
    '`forward(x) { … }`',
  ],
]);

const unclosed: readonly [string, string] = ['[unclosed-bracket] `{` is never closed', 'add the missing `}`'];
testHabits('a missing `}` is one mistake, where it is missing', [
  ['model M() {\n  input x: [B, 4]\n  forward ⟦{\n    y = relu(x)\n  output o: [B, 4] = y\n}\n', ...unclosed],
  [`block C() {\n  forward(x) ⟦{\n    relu(x)\n}\n${forward('    y = x')}`, ...unclosed],
  [
    'block C() {\n  d = D()\n  def f(x) ⟦{\n    relu(x)\n  forward(x) { d(f(x)) }\n}\nblock D() {\n  forward(x) { x }\n}\n',
    ...unclosed,
  ],
  [
    model('  for i in 0..2 ⟦{\n    require i < 3\n  forward { y = x }\n  output o: [B, 4, 8, 8] = y'),
    ...unclosed,
  ],
  [forward('    y = x\n    if true ⟦{\n      y = relu(x)\n    y = silu(y)'), ...unclosed],
  [`block C() ⟦{\n  forward(x) {\n    relu(x)\n  }\n\n${forward('    y = x')}`, ...unclosed],
]);

it('columns mean nothing where no `}` is missing', () => {
  const text = forward('    y = x\n    if true {\ny = relu(x)\n  }');
  expect(diagnosed(text)).toEqual([]);
});

const unchanged = foreign('lists do not change');
testHabits('lists that grow are told once', [
  [forward('    fs = []\n    fs⟦.extend([x])\n    y = fs[0]'), unchanged, '`fs = fs + [x]`'],
  [forward('    fs = []\n    fs⟦.append(x)\n    y = fs[0]'), unchanged, '`fs = fs + [x]`'],
  [forward('    fs = []\n    fs⟦.insert(0, x)\n    y = fs[0]'), unchanged, '`fs = [x] + fs`'],
  [
    forward('    fs = [x, x]\n    fs⟦.insert(1, x)\n    y = fs[2]'),
    unchanged,
    '`fs = fs[0..1] + [x] + fs[1..len(fs)]`',
  ],
]);

testHabits('entries of what is empty', [
  [
    forward('    fs = []\n    y = fs[⟦0]'),
    '[index-out-of-range] index 0 is outside of 0 entries',
    'it has no entries',
  ],
  [
    forward('    fs = []\n    y = fs[⟦0..1][0]'),
    '[index-out-of-range] index 1 is outside of 0 entries',
    'it has no entries',
  ],
]);
