import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { forward, model, train } from '../../src/language/diagnostics/testing.ts';
import { ops } from '../../src/ops/index.ts';
import { constant, diagnosed, testHabits, undefinedName, using } from './habit-testing.ts';

const noArgument = (callee: string, name: string) =>
  `[unknown-argument] ${callee} has no argument \`${name}\``;
const conv = (args: string) => `import { Conv2d } from "archc/lib/nn.arch"\n${using(`Conv2d(${args})`)}`;

testHabits('arguments under another name', [
  [conv('4, 4, ⟦kernel: 1'), noArgument('Conv2d', 'kernel'), '`kernel_size`'],
  [conv('4, 4, 1, ⟦pad: 0'), noArgument('Conv2d', 'pad'), '`padding`'],
  [conv('4, 4, 1, ⟦strides: 1'), noArgument('Conv2d', 'strides'), '`stride`'],
  [conv('4, 4, 1, ⟦use_bias: true'), noArgument('Conv2d', 'use_bias'), '`bias`'],
  [
    `import { LayerNorm } from "archc/lib/nn.arch"\n${using('LayerNorm(⟦normalized_shape: 8)')}`,
    noArgument('LayerNorm', 'normalized_shape'),
    '`features`',
  ],
  [
    `import { Linear } from "archc/lib/nn.arch"\n${using('Linear(⟦in_channels: 8, out_features: 8)')}`,
    noArgument('Linear', 'in_channels'),
    '`in_features`',
  ],
  [forward('    y = softmax(x, ⟦dim: 1)'), noArgument('`softmax`', 'dim'), '`axis`'],
  [forward('    y = mean(x, ⟦dim: <2, 3>)'), noArgument('`mean`', 'dim'), '`axes`'],
  [
    forward('    y = leaky_relu(x, ⟦negative_slope: 0.1)'),
    noArgument('`leaky_relu`', 'negative_slope'),
    '`slope`',
  ],
  [forward('    y = drop_path(x, ⟦p: 0.1)'), noArgument('`drop_path`', 'p'), '`rate`'],
  [
    forward('    y = softmax(x, ⟦something: 1)'),
    noArgument('`softmax`', 'something'),
    'its arguments are x, axis',
  ],
]);

const settings = (changed: Readonly<Record<string, string>>): string => {
  const all = { loss: 'loss', optimizer: 'optimizer', batch: 'batch', steps: 'steps', ...changed };
  const values = ['cross_entropy', 'adam(lr: 0.1)', '1', '1'];
  return train(
    ['loss', 'optimizer', 'batch', 'steps'].map((k, i) => `  ${all[k as 'loss']} = ${values[i]}`).join('\n'),
  );
};
const noSetting = (name: string) => `[unknown-setting] a train section has no \`${name}\``;
testHabits('settings under another name are one mistake', [
  [settings({ batch: '⟦batch_size' }), noSetting('batch_size'), '`batch`'],
  [settings({ steps: '⟦max_steps' }), noSetting('max_steps'), '`steps`'],
  [settings({ steps: '⟦epochs' }), noSetting('epochs'), '`steps`'],
  [settings({ optimizer: '⟦optim' }), noSetting('optim'), '`optimizer`'],
  [settings({ loss: '⟦criterion' }), noSetting('criterion'), '`loss`'],
  [
    train('  loss = cross_entropy\n  optimizer = adam(⟦learning_rate: 0.1)\n  batch = 1\n  steps = 1'),
    noArgument('`adam`', 'learning_rate'),
    '`lr`',
  ],
]);

const noDropout = 'dropout is not supported yet; the regulariser that there is: `drop_path(x, rate: 0.1)`';
testHabits('dropout', [
  [forward('    y = ⟦dropout(x, 0.1)'), undefinedName('dropout'), noDropout],
  [using('⟦Dropout(0.1)'), undefinedName('Dropout'), noDropout],
  [using('⟦nn.Dropout(0.1)'), '[foreign-syntax] functions and blocks go by their names alone', noDropout],
]);

it('the language is described with ops that there are', () => {
  const text = readFileSync(new URL('../../docs/language.md', import.meta.url), 'utf8');
  const section = text.slice(text.indexOf('### Ops'), text.indexOf('### Initialisers'));
  const named = [...section.matchAll(/`([a-z][a-z0-9_]*)(?:\([^`]*\))?`/g)].map(([, name]) => name);
  // Commands and words of the language.
  const others = ['none', 'shape', 'grad', 'fit'];
  expect(named).toContain('drop_path');
  expect(named.filter((name) => !ops.has(name) && !others.includes(name))).toEqual([]);
});

const head = (path: string) => `import { Conv2d } from ⟦"${path}"\n${using('Conv2d(4, 4, 1)')}`;
const inLibrary = '"archc/lib/nn.arch"';
testHabits("files of archc's library by another path", [
  [head('lib/nn.arch'), '[file-not-found] there is no file lib/nn.arch', inLibrary],
  [head('nn.arch'), '[file-not-found] there is no file nn.arch', inLibrary],
  [head('archc/nn.arch'), '[file-not-found] there is no file archc/nn.arch', inLibrary],
  [head('nn'), '[file-not-found] there is no file nn', inLibrary],
  [
    head('other.arch'),
    '[file-not-found] there is no file other.arch',
    'check the path; imports are relative to the file that they stand in',
  ],
]);

testHabits('numbers that are too large', [
  [
    constant('⟦1e999'),
    '[number-too-large] the number 1e999 is too large',
    'floats stay within ±3.4e38, as networks compute in 32-bit floats',
  ],
  [
    constant('⟦9007199254740993'),
    '[number-too-large] the number 9007199254740993 is too large',
    'whole numbers and fractions are exact up to 2^53',
  ],
]);

const strided = (result: string, after = '') =>
  `import { Conv2d } from "archc/lib/nn.arch"
block Down(o: int) {
  conv = Conv2d(4, o, 3, 2, 1)
  forward(x: [B, 4, H, _]) -> ${result} { conv(x)${after} }
}
${model('  down = Down(8)\n  forward { y = down(x) }\n  output out: [B, 8, 4, 4] = y')}`;
testHabits('sizes of a result', [
  [strided('[B, o, ⟦HO, _]'), undefinedName('HO'), '`_`, which stands for any size, or `H`'],
  [strided('[B, o, ⟦rows, _]'), undefinedName('rows'), '`_`, which stands for any size'],
  [
    strided('⟦[B, 4, _, _]'),
    '[result-mismatch] the result of `down` should be [B, 4, _, _], but is [B, 8, 4, 4]',
    'correct the declared shape, or what is computed',
  ],
  [
    strided('[B, o, _, _]', '\n    relu(⟦_)'),
    undefinedName('_'),
    '`_` stands for any size, in the shapes of a signature alone',
  ],
  [
    model('  param w: [⟦_] = zeros\n  forward { y = x * w }\n  output out: [B, 4, 8, 8] = y'),
    undefinedName('_'),
    '`_` stands for any size, in the shapes of a signature alone',
  ],
]);

it('`_` stands for any size of an argument and of a result', () => {
  expect(diagnosed(strided('[B, o, _, _]'))).toEqual([]);
  expect(diagnosed(strided('[..., _]'))).toEqual([]);
});

const two = (outputs: string) =>
  `${model(`  param w: [3, 4, 1, 1] = ones\n  forward { y = x }\n${outputs}`)}train T for M {\n  loss = cross_entropy\n  optimizer = adam(lr: 0.1)\n  batch = 1\n  steps = 1\n}\n`;
const unsupervised = (name: string) => `[unsupervised-output] no loss reaches the output \`${name}\``;
testHabits('outputs without a loss are told what is legal for them', [
  [
    two('  output a: [B, 4, 8, 8] = y * sum(w, axes: <0, 1, 2, 3>)\n  output ⟦b: [B, 4, 8, 8] = relu(y)'),
    unsupervised('b'),
    'add `supervise = halving()`, or `supervise = weights(<1, 0>)` where it shall have no loss',
  ],
  [
    two('  output a: [B, 4, 8, 8] = y\n  output ⟦b: [B, 3, 8, 8] = conv2d(y, w)'),
    unsupervised('b'),
    'labels cannot supervise it (it has 3 classes, `a` has 4): `supervise = weights(<1, 0>)` says that it has no loss; `output b { target = […] }` in the train section gives it classes of its own',
  ],
]);

it('what is said of outputs without a loss passes', () => {
  const text = two(
    '  output a: [B, 4, 8, 8] = y\n  output b: [B, 3, 8, 8] = conv2d(y, w)\n  output c: [B, 4, 8, 8] = relu(y)',
  );
  const hints = diagnosed(text).map(({ hint }) => hint);
  expect(hints).toHaveLength(2);
  const settings = hints.flatMap((hint) =>
    [...(hint ?? '').matchAll(/`(supervise = [^`]+)`/g)].map(([, s]) => s),
  );
  expect(settings).toEqual([
    'supervise = weights(<1, 0, 0.25>)',
    'supervise = weights(<1, 0, 0.25>)',
    'supervise = weights(<1, 0, 0>)',
  ]);
  for (const setting of settings)
    expect(diagnosed(text.replace('  batch = 1', `  ${setting}\n  batch = 1`))).toEqual([]);
});
