import type { Entry } from './entry.ts';

/** Names: unknown, declared twice, overridden. */
export const nameDiagnostics = {
  'unknown-name': {
    severity: 'error',
    message: '`{name}` is not defined',
    hint: 'declare it before it is used, or import it',
    explanation:
      'A name is a parameter, a `let`, an instance, something bound in `forward`, a block of this file or an imported one, an op, or a built-in function. Declarations are worked through in order, so a name can be used below its declaration only.',
  },
  'unknown-import': {
    severity: 'error',
    message: '{file} declares no `{name}`',
    hint: 'import a block or model that the file declares',
    explanation: 'Only blocks and models can be imported, and only from the file that declares them.',
  },
  'duplicate-name': {
    severity: 'error',
    message: '`{name}` is declared twice',
    hint: 'give one of the two another name',
    explanation:
      'Two declarations of the same kind in one block, or two blocks of one file, have one name. Instances become parameter names, so that two of one name could not be told apart in a checkpoint. (A parameter or instance may take the name of a block argument.)',
  },
  'reserved-input': {
    severity: 'error',
    message: 'an input cannot be named `{name}`',
    hint: 'give the input another name',
    explanation:
      'The graph of a training step takes `target` (the labels), `hyper` (learning rate and the like) and `rng` (for drop path) besides the inputs of the model; a tensor of either name would be taken for the other.',
  },
  'unknown-model': {
    severity: 'error',
    message: 'there is no model `{name}`',
    hint: 'name a model that the spec declares',
    explanation:
      'The name after `for`, `extends` or SPEC: must be a model that the file declares or imports.',
  },
  'no-model': {
    severity: 'error',
    message: '{file} declares no model',
    hint: 'give a spec with a `model`, this one only has blocks',
    explanation: 'A file of blocks can be checked and imported; to be compiled or run it needs a model.',
  },
  'unknown-parameter': {
    severity: 'error',
    message: '{model} has no parameter `{name}`',
    hint: 'its parameters are {parameters}',
    explanation:
      '--set takes the parameters and variants of the model, and with `train.` the settings of its train section (train.lr, train.batch, train.steps, …).',
  },
  'no-such-instance': {
    severity: 'error',
    message: '`{name}` has no entry {index}',
    hint: 'its entries are {entries}',
    explanation: 'Instances with indices exist for the indices that were declared; gaps are allowed.',
  },
  'nothing-to-override': {
    severity: 'error',
    message: '{base} has no {what} `{name}` to override',
    hint: 'override something that {base} declares, or declare a new model',
    explanation:
      'The body of `model A extends B` replaces what B declares: instances, `let` constants, outputs, functions, or alternatives of its variants, each by name.',
  },
  'unknown-alternative': {
    severity: 'error',
    message: '`{name}` is no alternative of the variant `{variant}`',
    hint: 'choose one of {alternatives}',
    explanation: 'A variant is chosen by the name of one of its alternatives; the first is the default.',
  },
  'recursive-block': {
    severity: 'error',
    message: 'the block {name} contains itself: {path}',
    hint: 'end the recursion: blocks can only contain blocks that do not contain them',
    explanation:
      'Instances are created when a block is, so a block that declares an instance of itself would have no end.',
  },
  'recursive-extends': {
    severity: 'error',
    message: 'the model {name} extends itself',
    hint: 'extend another model',
    explanation: 'A model takes over another one; the chain of `extends` must end at a model without one.',
  },
} as const satisfies Record<string, Entry>;
