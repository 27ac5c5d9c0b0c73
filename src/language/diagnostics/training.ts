import type { Entry } from './entry.ts';

/** `train` sections. */
export const trainingDiagnostics = {
  'unknown-setting': {
    severity: 'error',
    message: 'a train section has no `{name}`',
    hint: 'settings are {settings}',
    explanation: 'docs/recipes.md lists the settings of a train section.',
  },
  'missing-setting': {
    severity: 'error',
    message: 'the train section {section} needs `{name}`',
    hint: 'add {name} = …',
    explanation: 'A train section states at least its loss, optimizer, batch and steps.',
  },
  'duplicate-setting': {
    severity: 'error',
    message: '`{name}` is set twice',
    hint: 'remove one of the two',
    explanation: 'Each setting of a train section stands once.',
  },
  'bad-loss': {
    severity: 'error',
    message: '{found} is no loss',
    hint: 'add up {choices}, each with an optional factor and arguments in parentheses',
    explanation:
      'A loss is a sum of terms, such as cross_entropy + 0.5 * dice(batch: true). docs/recipes.md lists all.',
  },
  'mixed-losses': {
    severity: 'error',
    message: '`{regions}` compares regions, `{classes}` classes',
    hint: 'for regions binary_cross_entropy + dice(sigmoid: true), for classes cross_entropy + dice',
    explanation:
      'All terms of a loss have the same outputs and targets. Of classes each pixel has one, and the outputs go through one softmax; regions may lie in one another, so that each output has a sigmoid of its own, and a target says by its bits which regions a pixel belongs to.',
  },
  'loss-output': {
    severity: 'error',
    message: '`{loss}` needs {expected}, but `{output}` has {found}',
    hint: 'give the model another number of outputs, or choose another loss',
    explanation:
      'Axis 1 of an output is its classes, or its regions. Dice without background leaves out class 0, so that it needs another one. Regions are bits of a target, which are at most 30.',
  },
  'bad-setting': {
    severity: 'error',
    message: '{found} is no {what}',
    hint: 'choose {choices}',
    explanation:
      'The setting takes one of the named forms, with arguments in parentheses. docs/recipes.md lists all.',
  },
  'supervise-length': {
    severity: 'error',
    message: '{outputs} outputs need as many weights, but {found} are given',
    hint: 'give one weight an output, finest first, or use halving(last: 0)',
    explanation:
      'supervise = weights(<…>) weighs the loss of each output of the model. With deep_supervision false a model has only one.',
  },
  'supervised-output': {
    severity: 'error',
    message: 'labels cannot supervise the output `{output}`: {problem}',
    hint: 'give it another shape, or the weight 0 in supervise = weights(<…>)',
    explanation:
      'A step has one map of class ids, of the size of the first output: [B, ...] for [B, classes, ...]. All outputs whose weight in `supervise` is not 0 are compared with it, so they have as many classes; a 2-D output may have another size, to which the labels are then resized.',
  },
} as const satisfies Record<string, Entry>;
