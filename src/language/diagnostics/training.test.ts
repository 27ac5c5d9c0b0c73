import { describe } from 'vitest';
import { type MistakeCase, testMistakes, train } from './testing.ts';
import { trainingDiagnostics } from './training.ts';

const settings: Readonly<Record<string, string>> = {
  loss: 'cross_entropy',
  optimizer: 'adam(lr: 1e-3)',
  batch: '2',
  steps: '10',
};
/** A complete section with some settings changed; `undefined` leaves one out. */
const section = (changed: Readonly<Record<string, string | undefined>>): string =>
  train(
    Object.entries({ ...settings, ...changed })
      .flatMap(([key, value]) => (value === undefined ? [] : [`  ${key} = ${value}`]))
      .join('\n'),
  );

/** A model of outputs [B, 4, 8, 8] and what is given, with a train section that supervises all of them. */
const outputs = (declarations: string, changed: Readonly<Record<string, string>> = {}): string =>
  section({ supervise: 'halving(last: 0.5)', ...changed }).replace(
    '\n}\ntrain',
    `\n${declarations}\n}\ntrain`,
  );

/** A model of the outputs out and aux[0], aux[1], [B, 4, 8, 8], and cells: [B, 2, 8, 8], of which the section says more. */
const heads = (more: string): string =>
  section({ steps: `10\n  ${more}` }).replace(
    '\n}\ntrain',
    `
  for i in 0..2 { output aux[i]: [B, 4, 8, 8] = relu(x) }
  output cells: [B, 2, 8, 8] = slice(x, axis: 1, start: 0, end: 2)
}
train`,
  );

const cases: MistakeCase[] = [
  { code: 'unknown-setting', text: section({ '⟦batches': '3' }) },
  { code: 'unknown-setting', title: '--set', text: `⟦${section({})}`, set: { 'train.rate': '1' } },
  { code: 'missing-setting', text: section({ steps: undefined }).replace('train T', 'train ⟦T') },
  { code: 'duplicate-setting', text: section({ batch: '2\n  ⟦batch = 3' }) },
  { code: 'bad-loss', text: section({ loss: 'cross_entropy + ⟦hinge' }) },
  {
    code: 'mixed-losses',
    text: section({ loss: 'cross_entropy + ⟦dice(sigmoid: true)' }),
  },
  {
    code: 'mixed-losses',
    title: 'with factors',
    text: section({ loss: '0.5 * binary_cross_entropy + tversky(sigmoid: true) + 2 * ⟦focal' }),
  },
  {
    code: 'loss-output',
    title: 'nothing beside the background',
    text: section({ loss: 'cross_entropy + ⟦dice' }).replace(
      'output out: [B, 4, 8, 8] = y',
      'output out: [B, 1, 8, 8] = mean(y, <1>, keepdim: true)',
    ),
  },
  {
    code: 'loss-output',
    title: 'too many regions',
    text: section({ loss: '⟦binary_cross_entropy' }).replace(
      'output out: [B, 4, 8, 8] = y',
      'output out: [B, 32, 8] = reshape(y, [B, 32, 8])',
    ),
  },
  { code: 'wrong-length', title: 'weights', text: section({ loss: 'cross_entropy(weights: ⟦<1, 2, 3>)' }) },
  {
    code: 'wrong-length',
    title: 'weights, of a supervised output that is not the first',
    text: section({ loss: 'dice + focal(alpha: ⟦<1, 2, 3, 4>)', supervise: 'weights(<0, 1>)' }).replace(
      '\n}\ntrain',
      '\n  output aux: [B, 2, 8, 8] = slice(x, axis: 1, start: 0, end: 2)\n}\ntrain',
    ),
  },
  {
    code: 'illegal-value',
    title: 'a weight below 0',
    text: section({ loss: 'cross_entropy(⟦<1, 1, -1, 1>)' }),
  },
  {
    code: 'illegal-value',
    title: 'a weight of 0, smoothed',
    text: section({ loss: 'cross_entropy(⟦<1, 1, 0, 1>, label_smoothing: 0.1)' }),
  },
  { code: 'illegal-value', title: 'gamma', text: section({ loss: 'focal(gamma: ⟦-1)' }) },
  { code: 'bad-setting', text: section({ optimizer: '⟦adagrad(lr: 1e-3)' }) },
  { code: 'bad-setting', title: 'schedule', text: section({ schedule: '⟦linear' }) },
  { code: 'bad-setting', title: 'augment', text: section({ augment: 'flips + ⟦noise(0.1)' }) },
  { code: 'bad-setting', title: 'supervise', text: section({ supervise: '⟦all' }) },
  { code: 'supervise-length', text: section({ supervise: 'weights(⟦<1, 2>)' }) },
  {
    code: 'supervised-output',
    title: 'classes',
    text: outputs('  output ⟦aux: [B, 8, 4, 8] = reshape(x, [B, 8, 4, 8])'),
  },
  {
    code: 'supervised-output',
    title: 'classes, by another setting',
    text: outputs('  output ⟦aux: [B, 8, 8, 4] = permute(x, <0, 2, 3, 1>)', { supervise: 'weights(<1, 1>)' }),
  },
  {
    code: 'supervised-output',
    title: 'a vector beside a map',
    text: outputs('  output ⟦aux: [B, 4] = mean(x, <2, 3>)'),
  },
  {
    code: 'supervised-output',
    title: 'a map beside a vector',
    text: section({ supervise: 'weights(<1, 1>)' }).replace(
      'output out: [B, 4, 8, 8] = y',
      'output out: [B, 4] = mean(y, <2, 3>)\n  output ⟦aux: [B, 4, 8, 8] = y',
    ),
  },
  {
    code: 'supervised-output',
    title: 'a number for each sample',
    text: section({}).replace('output out: [B, 4, 8, 8] = y', 'output ⟦out: [B] = mean(y, <1, 2, 3>)'),
  },
  {
    code: 'supervised-output',
    title: 'a map, where the first output is a number for each sample',
    text: section({ supervise: 'weights(<0, 1>)' }).replace(
      'output out: [B, 4, 8, 8] = y',
      'output out: [B] = mean(y, <1, 2, 3>)\n  output ⟦aux: [B, 4, 8, 8] = y',
    ),
  },
  { code: 'no-such-output', text: heads('output ⟦cell { weight = 1 }') },
  { code: 'no-such-output', title: 'an index', text: heads('output ⟦aux[2] { weight = 1 }') },
  { code: 'no-such-output', title: '--set', text: `⟦${heads('')}`, set: { 'train.cell.weight': '1' } },
  { code: 'target-classes', text: heads('output cells { target = ⟦["a", "b"] }') },
  {
    code: 'target-classes',
    title: 'of regions',
    text: heads('output cells {\n    loss = binary_cross_entropy\n    target = ⟦["a"]\n  }'),
  },
  { code: 'target-classes', title: 'of one of several', text: heads('output aux { target = ⟦["a"] }') },
  { code: 'overlapping-target', text: heads('output aux { target = ⟦["a", "b", ["c", "a"]] }') },
  { code: 'unknown-setting', title: 'of an output', text: heads('output cells { ⟦weigth = 1 }') },
  {
    code: 'duplicate-setting',
    title: 'of an output',
    text: heads('output aux {\n    weight = 1\n    ⟦weight = 2\n  }'),
  },
  {
    code: 'duplicate-setting',
    title: 'an output',
    text: heads('output aux { weight = 1 }\n  output ⟦aux { weight = 2 }'),
  },
  { code: 'illegal-value', title: 'a weight of an output', text: heads('output aux { weight = ⟦-1 }') },
  {
    code: 'illegal-value',
    title: 'no weight of any output',
    text: heads('output out { weight = 0 }').replace('train T', 'train ⟦T'),
  },
  { code: 'illegal-value', title: 'no class', text: heads('output cells { target = ⟦[] }') },
  { code: 'illegal-value', title: 'an empty class', text: heads('output cells { target = ["a", ⟦[]] }') },
  { code: 'illegal-value', title: 'a name twice', text: heads('output cells { target = [⟦["a", "a"]] }') },
  { code: 'wrong-type', title: 'a target', text: heads('output cells { target = ⟦"a" }') },
  { code: 'wrong-type', title: 'a class', text: heads('output cells { target = ["a", ⟦2] }') },
  { code: 'wrong-type', title: 'an index', text: heads('output aux[⟦"a"] { weight = 1 }') },
  { code: 'bad-loss', title: 'of an output', text: heads('output aux { loss = ⟦hinge }') },
  {
    code: 'mixed-losses',
    title: 'of an output',
    text: heads('output aux { loss = binary_cross_entropy + ⟦focal }'),
  },
  {
    code: 'wrong-length',
    title: 'weights, of an output',
    text: heads('output cells {\n    loss = cross_entropy(weights: ⟦<1, 2, 3>)\n    target = ["a"]\n  }'),
  },
  {
    code: 'wrong-length',
    title: 'weights of all, which an output with a target has not',
    text: heads('output cells { target = ["a"] }').replace(
      'cross_entropy',
      'cross_entropy(weights: ⟦<1, 1, 1, 1>)',
    ),
  },
  {
    code: 'missing-setting',
    title: 'a loss that some output needs',
    text: heads('output aux { loss = focal }')
      .replace('  loss = cross_entropy\n', '')
      .replace('train T', 'train ⟦T'),
  },
  {
    code: 'supervised-output',
    title: 'other classes without a target',
    text: heads('output cells { weight = 1 }').replace('output cells: ', 'output ⟦cells: '),
  },
  {
    code: 'supervise-length',
    title: 'of an output',
    text: heads('output aux { supervise = weights(⟦<1>) }'),
  },
  // Codes of other tables, at their places in train sections.
  { code: 'illegal-value', title: 'negative lr', text: section({ optimizer: 'adam(lr: ⟦-1e-3)' }) },
  { code: 'illegal-value', title: 'no batch', text: section({ batch: '⟦0' }) },
  {
    code: 'illegal-value',
    title: 'beta of 1',
    text: section({ optimizer: 'adam(lr: 1, betas: ⟦<1.0, 0.9>)' }),
  },
  { code: 'illegal-value', title: 'foreground', text: section({ foreground: '⟦2' }) },
  {
    code: 'illegal-value',
    title: 'nesterov without momentum',
    text: section({ optimizer: 'sgd(lr: 1, nesterov: ⟦true)' }),
  },
  { code: 'illegal-value', title: 'all held back', text: section({ holdout: '⟦1' }) },
  { code: 'illegal-value', title: 'share below 0', text: section({ holdout: '⟦-0.1' }) },
  { code: 'illegal-value', title: 'no case held back', text: section({ holdout: '⟦[]' }) },
  {
    code: 'illegal-value',
    title: 'none to validate on',
    text: section({ validate: '2', holdout: '⟦0' }),
  },
  { code: 'illegal-value', title: 'a case twice', text: section({ holdout: '⟦["a", "a"]' }) },
  { code: 'illegal-value', title: 'validate below 0', text: section({ validate: '⟦-1' }) },
  { code: 'wrong-type', title: 'ids without a list', text: section({ holdout: '⟦"a"' }) },
  { code: 'wrong-type', title: 'ids that are numbers', text: section({ holdout: '⟦[1, 2]' }) },
  { code: 'illegal-value', title: 'no weight', text: section({ supervise: '⟦weights(<0>)' }) },
  { code: 'illegal-value', title: '--set', text: `⟦${section({})}`, set: { 'train.lr': '0 - 1' } },
  { code: 'not-an-integer', title: 'steps', text: section({ steps: '⟦1 / 2' }) },
  { code: 'wrong-type', title: 'steps', text: section({ steps: '⟦"many"' }) },
  {
    code: 'wrong-type',
    title: '`none` beside a default',
    text: section({ optimizer: 'adam(lr: 1, eps: ⟦none)' }),
  },
  { code: 'wrong-length', title: 'betas', text: section({ optimizer: 'adam(lr: 1, betas: ⟦<0.9>)' }) },
  { code: 'missing-argument', title: 'lr', text: section({ optimizer: '⟦adam' }) },
  {
    code: 'unknown-argument',
    title: 'of an optimizer',
    text: section({ optimizer: 'adam(lr: 1, ⟦momentum: 0.9)' }),
  },
];

describe('train sections', () => {
  testMistakes(trainingDiagnostics, cases);
});
