import type { Entry } from './entry.ts';

/** `train` sections. */
export const trainingDiagnostics = {
  'unknown-setting': {
    severity: 'error',
    message: '{what} has no `{name}`',
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
  'no-such-output': {
    severity: 'error',
    message: 'the model has no output `{name}`',
    hint: 'its outputs are {outputs}',
    explanation:
      '`output NAME { … }` in a train section sets loss, weight and target of an output of the model, or of all outputs of a name with indices: `output aux { … }` is of aux[0], aux[1] and so on.',
  },
  'target-classes': {
    severity: 'error',
    message: '`{output}` has {found}, but its `target` makes {expected}',
    hint: 'give the model another number of outputs, or the target other classes',
    explanation:
      '`target` lists the classes of an output. Of a map of classes, class 0 is the background, which is all that no list names, and the lists follow; of regions, each of which has a sigmoid, and of a classifier the lists are all there is.',
  },
  'overlapping-target': {
    severity: 'error',
    message:
      '`{name}` is in two classes of `target`, and `{loss}` compares classes, of which a pixel has one',
    hint: 'name each class once, or choose losses of regions: binary_cross_entropy + dice(sigmoid: true)',
    explanation:
      'What overlaps are regions: each has a sigmoid of its own, and a loss that compares regions.',
  },
  'supervised-output': {
    severity: 'error',
    message: 'labels cannot supervise the output `{output}`: {problem}',
    hint: 'give it another shape, a `target` of its own, or the weight 0 in supervise = weights(<…>)',
    explanation:
      'The labels of a step are of the size of the first output: [B, ...] for [B, classes, ...]. Outputs that are compared with the same target have as many classes; a 2-D output may have another size, to which the labels are then resized. An output of other classes needs a `target` of its own.',
  },
} as const satisfies Record<string, Entry>;
