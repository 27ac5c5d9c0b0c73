import { expect, it } from 'vitest';
import { forward, model } from '../../src/language/diagnostics/testing.ts';
import { constant, diagnosed, end, library, testHabits, undefinedName, using } from './habit-testing.ts';

testHabits("words of Python that are the language's under another name", [
  [constant('⟦False'), undefinedName('False'), '`false`'],
  [constant('⟦True'), undefinedName('True'), '`true`'],
  [constant('⟦None'), undefinedName('None'), '`none`'],
  [constant('⟦null'), undefinedName('null'), '`none`'],
  [
    forward('    for i in ⟦range(3) { z = i }\n    y = x'),
    undefinedName('range'),
    'a range is `0..n`, its end left out',
  ],
  [forward('    y = ⟦cat(x, x)'), undefinedName('cat'), '`concat(a, b, axis: 1)`'],
  [
    forward('    y = ⟦flatten(x)'),
    undefinedName('flatten'),
    '`reshape(x, [B, n])`, n the elements of a sample',
  ],
  [
    forward('    ⟦print(x)\n    y = x'),
    undefinedName('print'),
    'nothing is printed; `archc emit graph SPEC` shows every shape',
  ],
  [constant('⟦int(n / 2)'), undefinedName('int'), '`floor(n)`, `ceil(n)` or `round(n)`'],
  [
    using('⟦Sequential(x)'),
    undefinedName('Sequential'),
    'name the instances and pipe through them: `x |> a |> b`',
  ],
]);

testHabits('blocks and ops under the names of PyTorch', [
  [using('⟦Conv2d(4, 4, 1)'), undefinedName('Conv2d'), 'import { Conv2d } from "archc/lib/nn.arch"'],
  [using('⟦LayerNorm(8)'), undefinedName('LayerNorm'), 'import { LayerNorm } from "archc/lib/nn.arch"'],
  [using('⟦Conv2D(4, 4, 1)'), undefinedName('Conv2D'), 'import { Conv2d } from "archc/lib/nn.arch"'],
  [using('⟦VSSBlok(4)'), undefinedName('VSSBlok'), 'import { VSSBlock } from "archc/lib/vss.arch"'],
  [using('⟦ReLU()'), undefinedName('ReLU'), '`relu(x)`, an op: it is called without being declared'],
  [
    using('⟦LeakyReLU(0.1)'),
    undefinedName('LeakyReLU'),
    '`leaky_relu(x)`, an op: it is called without being declared',
  ],
  [
    using('⟦MaxPool2d(2)'),
    undefinedName('MaxPool2d'),
    '`max_pool2d(x)`, an op: it is called without being declared',
  ],
  [forward('    y = ⟦sofmax(x, axis: 1)'), undefinedName('sofmax'), '`softmax`'],
]);

it('every block of the library is known by its import', () => {
  const blocks = Object.entries(library).flatMap(([path, text]) =>
    [...text.matchAll(/^block (\w+)/gm)].map(([, name]) => [name, path]),
  );
  expect(blocks.length).toBeGreaterThan(20);
  for (const [name, path] of blocks) {
    const [d] = diagnosed(using(`${name}()`));
    expect(d.hint).toBe(`import { ${name} } from "${path}"`);
    const imported = diagnosed(`${d.hint}\n${using(`${name}()`)}`);
    expect(imported.map((e) => e.code)).not.toContain('unknown-name');
    expect(imported.map((e) => e.code)).not.toContain('file-not-found');
  }
});

const noGuess = 'declare it before it is used, or import it';
testHabits('names of one letter are not guessed', [
  [constant('⟦q + 1'), undefinedName('q'), noGuess],
  [constant('⟦N'), undefinedName('N'), noGuess],
  [forward('    y = relu(⟦z)'), undefinedName('z'), noGuess],
  [model(`  param w: [⟦C] = zeros\n${end}`), undefinedName('C'), noGuess],
]);

const operands = (text: string) => `[bad-operands] ${text}`;
const tensor = 'a tensor [B, 4, 8, 8]';
testHabits('operators on what they do not take', [
  [forward('    y = x ⟦^ 2'), operands(`\`^\` does not take ${tensor} and the whole number 2`), '`x * x`'],
  [
    forward('    y = x ⟦^ 3'),
    operands(`\`^\` does not take ${tensor} and the whole number 3`),
    '`x * x * x`',
  ],
  [
    forward('    y = x ⟦^ 0.5'),
    operands(`\`^\` does not take ${tensor} and the number 0.5`),
    'powers of tensors are products: `x * x`',
  ],
  [
    forward('    y = 2 ⟦^ x'),
    operands(`\`^\` does not take the whole number 2 and ${tensor}`),
    'of tensors there is `exp(x)`, e to the x',
  ],
  [
    forward('    y = 1 ⟦/ x'),
    operands(`\`/\` does not take the whole number 1 and ${tensor}`),
    '`full([1], 1) / x`',
  ],
  [
    forward('    y = x ⟦% 2'),
    operands(`\`%\` does not take ${tensor} and the whole number 2`),
    'there is no remainder of tensors',
  ],
  [
    forward('    y = if x ⟦> 0 { x } else { x }'),
    operands(`\`>\` does not take ${tensor} and the whole number 0`),
    'a network cannot depend on the values of a tensor; compare sizes, as in `shape(x)[1]`',
  ],
  [
    constant('"a" ⟦+ "b"'),
    operands('`+` does not take the string "a" and the string "b"'),
    'strings cannot be joined; write the text out',
  ],
  [
    constant('"a" ⟦+ 1'),
    operands('`+` does not take the string "a" and the whole number 1'),
    'strings cannot be joined; write the text out',
  ],
  [
    forward('    skips = []\n    all = skips ⟦+ x\n    y = x'),
    operands(`\`+\` does not take a list of 0 and ${tensor}`),
    'a list grows by a list: `skips + [x]`',
  ],
  [
    constant('<1, 2> ⟦* 2'),
    operands('`*` does not take the vector <1, 2> and the whole number 2'),
    'operators take no vectors entry by entry: `[v * 2 for v in x]` is a list',
  ],
  [
    constant('1 ⟦+ true'),
    operands('`+` does not take the whole number 1 and true'),
    'true and false are taken by `and`, `or`, `not`; a number of them is `if c { 1 } else { 0 }`',
  ],
  [
    forward('    y = relu ⟦+ x'),
    operands(`\`+\` does not take the op relu and ${tensor}`),
    'call it first: `relu(…)`',
  ],
]);

it.each([
  ['x ^ 2', 'x * x'],
  ['1 / x', 'full([1], 1) / x'],
  ['x ^ -1', 'full([1], 1) / x'],
])('what is written instead of %s passes', (wrong, right) => {
  expect(diagnosed(forward(`    y = ${wrong}`))[0].hint).toBe(`\`${right}\``);
  expect(diagnosed(forward(`    y = ${right}`))).toEqual([]);
});

it.each([
  'x.y',
  'x.append(',
  'f(a=',
  'c // 2\n',
  'forward:\n',
  'x if ',
  'f(\n a = 1\n',
  'for i in range(',
  '/* ',
  "' ",
])('a long text of %j ends in diagnostics, in time that grows with its length', (unit) => {
  const found = diagnosed(unit.repeat(30_000 / unit.length));
  expect(found.length).toBeGreaterThan(0);
  expect(found.length).toBeLessThanOrEqual(1000);
});
