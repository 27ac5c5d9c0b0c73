import { describe, expect, test } from 'vitest';
import { ops } from '../ops/index.ts';
import { elaborate, loadSpec } from './index.ts';
import { memoryFiles } from './memory-files.ts';
import type { RawOverrides } from './model-parameters.ts';

const spec = `model Net(norm: string = "layer", n: int = 1, names: list = ["a"]) {
  require n >= 1 and len(names) >= 1 and norm != ""
  input x: [B, 4, 8, 8]
  variant decoder {
    residual { let k = 1 }
    expanding { let k = 2 }
  }
  forward { y = x * k }
  output out: [B, 4, 8, 8] = y
}
train T for Net {
  loss = cross_entropy
  optimizer = adam(lr: 0.1)
  batch = 1
  steps = 1
}
`;

function build(set: RawOverrides, model?: string) {
  const loaded = loadSpec('net.arch', memoryFiles({ 'net.arch': spec }));
  return elaborate(loaded, model, set, 1, ops, { training: true });
}
const told = (set: RawOverrides, model?: string) =>
  build(set, model).diagnostics.map(({ code, message, hint, span }) => ({
    code,
    message,
    hint,
    at: `${span.file} ${span.line}:${span.column}`,
  }));

describe('a bare word where a string is asked for is that string', () => {
  test.each([
    ['a word', 'batch', 'batch'],
    ['the name of an op', 'relu', 'relu'],
    ['the name of an initialiser', 'zeros', 'zeros'],
    ['the name of a parameter', 'n', 'n'],
    ['a word of the language', 'if', 'if'],
    ['with a dash', 'batch-norm', 'batch-norm'],
    ['like a file', 'weights.v2', 'weights.v2'],
    ['in quotes', '"batch norm"', 'batch norm'],
    ['an expression of strings', 'if true { "a" } else { "b" }', 'a'],
  ])('%s', (_, text, value) => {
    const { model, diagnostics } = build({ norm: text });
    expect(diagnostics).toEqual([]);
    expect(model?.config['norm']).toBe(value);
  });

  test.each([
    ['a number', '3', '"3"'],
    ['a truth value', 'true', '"true"'],
    ['nothing', 'none', '"none"'],
    ['two words', 'batch norm', '"batch norm"'],
    ['a quote that has no end', '"batch', '"batch"'],
    ['no text', '', '""'],
  ])('%s is refused with what to write', (_, text, quoted) => {
    expect(told({ norm: text })).toEqual([
      {
        code: 'wrong-type',
        message: `\`norm\` should be a string, but is \`${text}\``,
        hint: `write it in quotes that the shell leaves: --set 'norm=${quoted}'`,
        at: '--set norm 1:1',
      },
    ]);
  });

  test.each([
    ['of an int', { n: 'many' }, '--set n 1:1'],
    ['in a list', { names: '[b]' }, '--set names 1:2'],
    ['of a setting', { 'train.lr': 'fast' }, '--set train.lr 1:1'],
  ])('elsewhere it is an unknown name: %s', (_, set, at) => {
    const hint = 'a value: the names of a spec are not known to --set, and a string stands in quotes ("…")';
    expect(told(set)).toMatchObject([{ code: 'unknown-name', hint, at }]);
  });
});

describe('what is misspelt is answered with the nearest', () => {
  test.each([
    ['an alternative', { decoder: 'expandng' }, 'unknown-alternative', '`expanding`'],
    ['an alternative in quotes', { decoder: '"residul"' }, 'unknown-alternative', '`residual`'],
    ['a parameter', { nrom: 'batch' }, 'unknown-parameter', '`norm`'],
    ['a variant', { decodr: 'expanding' }, 'unknown-parameter', '`decoder`'],
    ['a setting of the train section', { 'train.stepz': '3' }, 'unknown-setting', '`steps`'],
    ['an argument of the optimizer', { 'train.weight_dcay': '0' }, 'unknown-setting', '`weight_decay`'],
    ['an optimizer', { 'train.optimizer': 'adamww(lr: 0.1)' }, 'bad-setting', '`adamw`'],
    ['a schedule', { 'train.schedule': 'cosin' }, 'bad-setting', '`cosine`'],
    ['a loss', { 'train.loss': 'cross_entrpy' }, 'bad-loss', '`cross_entropy`'],
  ])('%s', (_, set, code, hint) => {
    expect(told(set)).toMatchObject([{ code, hint, at: `--set ${Object.keys(set)[0]} 1:1` }]);
  });

  test('a model', () => {
    expect(told({}, 'Nett')).toMatchObject([{ code: 'unknown-model', hint: '`Net`' }]);
  });
});

describe('a key given more than once', () => {
  test.each([
    ['a string', { norm: ['batch', 'group'] }, 'norm', { norm: 'group' }],
    ['a variant', { decoder: ['expanding', 'residual'] }, 'decoder', { decoder: 'residual' }],
    ['a number, the earlier one wrong', { n: ['many', '2'] }, 'n', { n: 2 }],
  ])('%s: the last counts', (_, set, key, config) => {
    const { model, diagnostics } = build(set);
    expect(diagnostics.map((d) => [d.code, d.span.file])).toEqual([['set-twice', `--set ${key}`]]);
    expect(model?.config).toMatchObject(config);
  });

  test('a setting of the train section', () => {
    const { model, diagnostics } = build({ 'train.lr': ['0.2', '0.3'] });
    expect(diagnostics.map((d) => d.code)).toEqual(['set-twice']);
    expect(model?.train[0].optimizer.lr).toBe(0.3);
  });
});
