import { describe } from 'vitest';
import { forward, type MistakeCase, model, testMistakes } from './testing.ts';
import { typeDiagnostics } from './types.ts';

const end = '  forward { y = x }\n  output out: [B, 4, 8, 8] = y';
const act = 'block Act(slope: float = 0.1) {\n  forward(x: [B, ...]) { leaky_relu(x, slope: slope) }\n}\n';
/** A model with an instance `act`, declared by `instance`. */
const withAct = (instance: string, statements: string) =>
  `${model(`${instance}\n  forward {\n${statements}\n  }\n  output out: [B, 4, 8, 8] = y`)}${act}`;
const constant = (expr: string) => model(`  let v = ${expr}\n${end}`);

const cases: MistakeCase[] = [
  { code: 'wrong-type', text: withAct('  act = Act(slope: ⟦"steep")', '    y = act(x)') },
  { code: 'wrong-type', title: 'a condition', text: forward('    y = if ⟦3 { x } else { x }') },
  { code: 'wrong-type', title: '--set', text: `⟦${model(end, 'n: int = 1')}`, set: { n: 'true' } },
  { code: 'wrong-type', title: 'a number where a tensor is needed', text: forward('    y = relu(⟦3)') },
  { code: 'not-an-integer', text: constant('<1, 2>[⟦1 / 2]') },
  { code: 'not-an-integer', title: 'an attribute', text: forward('    y = softmax(x, axis: ⟦3 / 2)') },
  { code: 'not-an-integer', title: '--set', text: `⟦${model(end, 'n: int = 1')}`, set: { n: '3 / 2' } },
  { code: 'wrong-length', text: model(end, 'dims: <int; 4> = ⟦<1, 2>') },
  {
    code: 'wrong-length',
    title: 'bound by another',
    text: model(end, 'a: <int; N> = <1, 2>, b: <int; N> = ⟦<1, 2, 3>'),
  },
  { code: 'unknown-type', text: model(end, 'n: ⟦integer = 3') },
  { code: 'bad-operands', text: constant('1 ⟦+ true') },
  { code: 'bad-operands', title: 'lists and vectors', text: constant('[1] ⟦+ <1>') },
  { code: 'division-by-zero', text: constant('1 / ⟦0') },
  { code: 'batch-arithmetic', text: forward('    n = B ⟦+ 1\n    y = x') },
  { code: 'missing-argument', text: forward('    y = ⟦softplus()') },
  {
    code: 'missing-argument',
    title: 'of a block',
    text: `${model(`  a = ⟦A()\n${end}`)}block A(n: int) {}\n`,
  },
  { code: 'missing-argument', title: 'of a model', text: model(end, '⟦n: int') },
  { code: 'unknown-argument', text: withAct('  act = Act(⟦slop: 0.2)', '    y = act(x)') },
  { code: 'unknown-argument', title: 'of an op', text: forward('    y = softmax(x, ⟦dim: 1)') },
  { code: 'duplicate-argument', text: withAct('  act = Act(0.2, ⟦slope: 0.2)', '    y = act(x)') },
  { code: 'too-many-arguments', text: withAct('  act = Act(0.2, ⟦0.3)', '    y = act(x)') },
  {
    code: 'argument-order',
    text: forward('    y = permute(x: x, ⟦<0, 1, 2, 3>)')
      .replace('x: x', 'axes: <0, 1, 2, 3>')
      .replace('⟦<0, 1, 2, 3>', '⟦x'),
  },
  { code: 'not-callable', text: forward('    n = 3\n    y = ⟦n(x)') },
  { code: 'absent-instance', text: withAct('  act = Act()   if false', '    y = x |> ⟦act') },
  { code: 'block-in-forward', text: forward('    y = ⟦Act()(x)').replace('Act()(x)', 'Act(x)') + act },
  { code: 'not-a-block', text: model(`  n = ⟦3\n${end}`) },
  {
    code: 'model-in-block',
    text: `${model(`  n = ⟦N()\n${end}`)}model N() {\n  input x: [B, 4, 8, 8]\n${end}\n}\n`,
  },
  { code: 'not-iterable', text: forward('    for i in ⟦4 { z = i }\n    y = x') },
  { code: 'index-out-of-range', text: constant('<1, 2>[⟦2]') },
  { code: 'index-out-of-range', title: 'a slice', text: constant('<1, 2>[⟦1..3]') },
  { code: 'not-indexable', text: forward('    y = ⟦x[0]') },
  { code: 'not-an-initialiser', text: model(`  param w: [4] = ⟦0.5\n${end}`) },
  { code: 'illegal-value', text: forward('    y = interpolate(x, size: 8, mode: ⟦"cubic")') },
  {
    code: 'illegal-value',
    title: 'a mean that is cut off',
    text: model(`  param w: [4] = trunc_normal(std: 1, mean: ⟦100)\n${end}`),
  },
  {
    code: 'illegal-value',
    title: 'a spread of which nothing is left',
    text: model(`  param w: [4] = trunc_normal(⟦1e30)\n${end}`),
  },
  {
    code: 'illegal-value',
    title: 'a fan of one axis',
    text: model(`  param w: [4] = ⟦xavier_uniform\n${end}`),
  },
  { code: 'beyond-f32', text: forward('    y = x * ⟦1e39') },
  { code: 'beyond-f32', title: 'added', text: forward('    y = ⟦1e39 + x') },
  { code: 'beyond-f32', title: 'subtracted', text: forward('    y = x - ⟦3.5e38') },
  { code: 'beyond-f32', title: 'a divisor whose inverse is meant', text: forward('    y = x / ⟦1e-39') },
  { code: 'beyond-f32', title: 'computed', text: forward('    y = x * (⟦2.0 ^ 128)') },
  { code: 'beyond-f32', title: 'an attribute', text: forward('    y = leaky_relu(x, slope: ⟦1e39)') },
  {
    code: 'beyond-f32',
    title: 'given to a block',
    text: withAct('  act = Act(slope: ⟦1e39)', '    y = act(x)'),
  },
  { code: 'beyond-f32', title: 'a first value', text: model(`  param w: [4] = constant(⟦1e40)\n${end}`) },
  {
    code: 'beyond-f32',
    title: 'a bound of first values',
    text: model(`  param w: [4] = uniform(⟦-1e39, 1.0)\n${end}`),
  },
  {
    code: 'beyond-f32',
    title: '--set',
    text: model('  forward { y = x * ⟦n }\n  output out: [B, 4, 8, 8] = y', 'n: float = 1'),
    set: { n: '1e39' },
  },
  {
    code: 'too-many-steps',
    text: forward('    for i in 0..1000 { for j in 0..1000 { z = ⟦i + j } }\n    y = x'),
  },
  {
    code: 'too-many-steps',
    title: 'a range',
    text: forward('    for i in ⟦0..1000000000 { z = i }\n    y = x'),
  },
  { code: 'requirement-failed', text: model(`  require ⟦n > 1, "more than one"\n${end}`, 'n: int = 1') },
  {
    code: 'requirement-failed',
    title: 'what follows from the refused value is no mistake of its own',
    text: model(`  require ⟦n > 0, "some"\n  let m = 4 / n\n  param w: [m] = zeros\n${end}`, 'n: int = 0'),
  },
  {
    code: 'wrong-type',
    title: 'the batch in an attribute that is no shape',
    text: forward('    y = pad(x, ⟦<0, B>, axes: <1>)'),
  },
  {
    code: 'no-result',
    text: `${model(`  a = A()\n  forward { y = a(x) }\n  output o: [B, 4, 8, 8] = y`)}block A() {\n  forward⟦(x: [B, ...]) { y = x }\n}\n`,
  },
  { code: 'no-result', title: 'an `if` without `else`', text: forward('    y = ⟦if false { x }') },
  { code: 'tuple-mismatch', text: forward('    (y, z) = ⟦split(x, sizes: <1, 1, 2>, axis: 1)') },
  { code: 'tuple-mismatch', title: 'in let', text: model(`  let <a, b> = ⟦<1, 2, 3>\n${end}`) },
  {
    code: 'no-forward',
    text: `${model('  a = A()\n  forward { y = ⟦a(x) }\n  output o: [B, 4, 8, 8] = y')}block A() {}\n`,
  },
  { code: 'no-forward', title: 'in a model', text: model('  output o: [B, 4, 8, 8] = x').replace('M', '⟦M') },
  {
    code: 'misplaced-declaration',
    text: `${model(`  a = A()\n${end}`)}block A() {\n  input ⟦x: [B, 3]\n}\n`,
  },
  {
    code: 'misplaced-declaration',
    title: 'no output',
    text: model('  forward { y = x }').replace('M', '⟦M'),
  },
  {
    code: 'misplaced-declaration',
    title: 'arguments of a model',
    text: model('  ⟦forward(z) { y = x }\n  output o: [B, 4, 8, 8] = y'),
  },
];

describe('types and calls', () => {
  testMistakes(typeDiagnostics, cases);
});
