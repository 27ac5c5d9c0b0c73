import type { Entry } from './entry.ts';

/** What a spec does without being wrong, and hardly on purpose. `--deny warnings` takes them as mistakes. */
export const warningDiagnostics = {
  'unused-import': {
    severity: 'warning',
    message: '`{name}` is imported and never used',
    hint: 'remove it from the import',
    explanation:
      'No declaration of this file uses the block or model. Imported names are not exported again.',
  },
  'unused-name': {
    severity: 'warning',
    message: '{what} `{name}` is never used',
    hint: 'use it, or remove it; a name that begins with `_` may stay unused',
    explanation:
      'Nothing in the block or model reads the name: an argument that changes nothing, an instance that is never called, a result that is thrown away. Often another name was meant where this one should stand. A leading `_` says that it is on purpose.',
  },
  'unused-value': {
    severity: 'warning',
    message: 'the value of this line is not used',
    hint: 'bind it to a name (y = …), or remove the line',
    explanation:
      'Only the last expression of a body is its value, and in the `forward` of a model not even that one. Expressions change nothing by themselves, so the line has no effect.',
  },
  unreached: {
    severity: 'warning',
    message: 'no output depends on {what}',
    hint: 'use it on the way to an output, or declare it only where it is used (… if condition)',
    explanation:
      'The tensors are part of the model, take memory and stand in its checkpoints, but nothing that the model gives depends on them: they are never trained.',
  },
  'unsupervised-output': {
    severity: 'warning',
    message: 'no loss reaches {what}',
    hint: 'add `supervise = halving()`, or `supervise = weights(<1, 0, …>)` where it shall have no loss',
    explanation:
      'A train section without `supervise` trains the first output only; what leads to other outputs alone stays as it started. A weight that is declared to be 0 is no reason for this warning.',
  },
  'batch-dependent': {
    severity: 'warning',
    message: 'outside of training, `{op}` gives a sample a result that depends on the others of its batch',
    hint: 'normalise by running statistics: BatchNorm2d of archc/lib/nn.arch, or batch_norm with running_mean and running_var',
    explanation:
      'Statistics of the batch are those of the samples that happen to be together: the same image gets other predictions in another batch, or with another --windows. Training normalises by the batch and keeps running statistics in buffers, by which all else normalises.',
  },
  'below-f32': {
    severity: 'warning',
    message: '{what} is {number}, which {becomes}: networks compute in 32-bit floats',
    hint: 'write 0, or a number of at least 1.2e-38',
    explanation:
      'The smallest 32-bit float is 1.4e-45; what is less becomes 0. Below 1.18e-38 the numbers are denormal, and many devices take them for 0.',
  },
  'set-twice': {
    severity: 'warning',
    message: '--set gives `{name}` {times}: {values}; the last one counts',
    hint: 'give it once',
    explanation: 'The same key stands in several --set of one command.',
  },
} as const satisfies Record<string, Entry>;
