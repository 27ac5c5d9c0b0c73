import type { Entry } from './entry.ts';

/** Values, types and calls. */
export const typeDiagnostics = {
  'wrong-type': {
    severity: 'error',
    message: '{what} should be {expected}, but is {found}',
    hint: 'give {expected}',
    explanation: 'The value has another type than the declaration or the operation asks for.',
  },
  'not-an-integer': {
    severity: 'error',
    message: '{what} needs a whole number, but is {found}',
    hint: 'divisions are exact; use floor(…), ceil(…) or round(…), or sizes that divide',
    explanation:
      '1/2 is an exact fraction and never rounded in silence. Where a size or a count is needed the value must be whole: choose how to round, or check with `require n % 2 == 0`.',
  },
  'wrong-length': {
    severity: 'error',
    message: '{what} should have {expected} entries, but has {found}',
    hint: 'give {expected} values',
    explanation:
      'The type of a vector says how long it is: <int; 4>. In <int; N> the first use of N takes the length, and all others must agree.',
  },
  'unknown-type': {
    severity: 'error',
    message: 'there is no type `{name}`',
    hint: 'types are int, float, bool, string, init, list, and vectors such as <int; 4>',
    explanation:
      'Parameters are int, float, bool, string, init (an initialiser), list, or vectors of int, float or bool.',
  },
  'bad-operands': {
    severity: 'error',
    message: '`{operator}` does not take {left} and {right}',
    hint: 'operators take numbers, or tensors and numbers; + also joins two lists or two vectors',
    explanation:
      'Arithmetic takes numbers, or tensors and numbers; + also joins lists and vectors of one kind; and, or, not take true and false.',
  },
  'division-by-zero': {
    severity: 'error',
    message: 'division by zero',
    hint: 'check the divisor with `require` before',
    explanation: 'The right side of / or % is 0.',
  },
  'batch-arithmetic': {
    severity: 'error',
    message: 'the batch size B can only be multiplied and divided',
    hint: 'B is not known before the model runs',
    explanation:
      'A spec holds for every batch size. B can stand for an axis, and n * B for a merged one; nothing else can depend on it.',
  },
  'missing-argument': {
    severity: 'error',
    message: '{callee} needs the argument `{name}`',
    hint: 'give it: {name}: …',
    explanation: 'Arguments without a default must be given, by position or by name.',
  },
  'unknown-argument': {
    severity: 'error',
    message: '{callee} has no argument `{name}`',
    hint: 'its arguments are {arguments}',
    explanation: 'The name before the colon must be one of the declared arguments.',
  },
  'duplicate-argument': {
    severity: 'error',
    message: 'the argument `{name}` of {callee} is given twice',
    hint: 'remove one of the two',
    explanation: 'An argument was given by position and by name, or twice by name.',
  },
  'too-many-arguments': {
    severity: 'error',
    message: '{callee} takes {expected}, but {found} are given',
    hint: 'remove what is too much',
    explanation: 'More arguments were given by position than there are.',
  },
  'argument-order': {
    severity: 'error',
    message: 'an argument by position cannot follow one by name',
    hint: 'name it too, or move it to the front',
    explanation: 'Positional arguments come first, so that it is clear which is which.',
  },
  'not-callable': {
    severity: 'error',
    message: '{found} cannot be called',
    hint: 'call an instance, an op or a function',
    explanation:
      'Only instances of blocks, functions (`def`), ops and built-in functions can be called or stand right of |>.',
  },
  'absent-instance': {
    severity: 'error',
    message: '`{name}` was declared under a condition that is false',
    hint: 'call it under the same condition, or test with exists({name})',
    explanation:
      'An instance or parameter whose `if` is false is none. Ops take none for optional operands; it cannot be called.',
  },
  'block-in-forward': {
    severity: 'error',
    message: '{name} is a block, and blocks need a name before they can be called',
    hint: 'declare an instance outside `forward`: x = {name}(…), then call x',
    explanation:
      'Instances hold parameters, and their names are the names of those parameters in a checkpoint. So they are declared, outside `forward`.',
  },
  'not-a-block': {
    severity: 'error',
    message: '`{name}` should be an instance of a block, but is {found}',
    hint: 'constants are declared with let: let {name} = …',
    explanation: '`name = Block(…)` declares an instance. A constant is declared with `let`.',
  },
  'model-in-block': {
    severity: 'error',
    message: 'the model {name} cannot be part of a block or model',
    hint: 'move the shared part into a block',
    explanation: 'Models have inputs and outputs; blocks have a `forward` and can be combined.',
  },
  'not-iterable': {
    severity: 'error',
    message: 'cannot go through {found}',
    hint: 'use a range such as 0..4, a vector or a list',
    explanation: '`for` and list comprehensions go through ranges (the end is left out), vectors and lists.',
  },
  'index-out-of-range': {
    severity: 'error',
    message: 'index {index} is outside of {length} entries',
    hint: 'indices go from 0 to {last}; negative ones count from the end',
    explanation: 'Vectors and lists are indexed from 0; -1 is the last entry.',
  },
  'not-indexable': {
    severity: 'error',
    message: '{found} has no entries',
    hint: 'index vectors, lists and indexed instances; use ops such as slice for tensors',
    explanation: 'x[i] takes an entry of a vector, a list, or of instances declared with an index.',
  },
  'not-an-initialiser': {
    severity: 'error',
    message: '{found} is no initialiser',
    hint: 'use zeros, ones, constant(v), normal(std: …), trunc_normal(std: …), uniform(a, b), kaiming_uniform(a: …), …',
    explanation: 'A parameter says how it starts; see docs/recipes.md for the list of initialisers.',
  },
  'illegal-value': {
    severity: 'error',
    message: '{what} must be {expected}, but is {found}',
    hint: 'give {expected}',
    explanation: 'The value has the right type, but not one that makes sense here.',
  },
  'beyond-f32': {
    severity: 'error',
    message: '{what} is {number}, which no 32-bit float can hold',
    hint: 'networks compute in 32-bit floats: stay within ±3.4e38',
    explanation:
      'The largest 32-bit float is 3.4028235e38. Constants in `forward`, attributes of ops, arguments of initialisers and settings of a train section that become part of the computation must stay within it.',
  },
  'too-many-steps': {
    severity: 'error',
    message: 'this takes more than {limit} steps to work out',
    hint: 'loops of a network are short; check the ranges',
    explanation:
      'Loops and calls are worked out when a spec is checked. A limit keeps a wrong range from running for hours.',
  },
  'requirement-failed': {
    severity: 'error',
    message: 'a requirement does not hold: {message}',
    hint: 'change the values that the condition names',
    explanation: 'The `require` of a block or model is false for these arguments.',
  },
  'no-result': {
    severity: 'error',
    message: '{what} has no value',
    hint: 'let its last line be an expression',
    explanation:
      'The last expression of `forward`, of a `def` and of each branch of an `if` expression is its value.',
  },
  'tuple-mismatch': {
    severity: 'error',
    message: '{expected} names, but {found}',
    hint: 'name as many values as there are',
    explanation: '`(a, b) = e` takes apart an op with several outputs, a list or a vector of that length.',
  },
  'no-forward': {
    severity: 'error',
    message: '{name} has no `forward`',
    hint: 'add a `forward` that computes the result',
    explanation:
      'A block is called through its `forward`; a model needs one `forward` between its instances and outputs.',
  },
  'misplaced-declaration': {
    severity: 'error',
    message: '{what}',
    hint: 'see docs/language.md for what a block and what a model consist of',
    explanation:
      'Inputs and outputs belong to models; a model has one `forward` without arguments, a block one with them.',
  },
} as const satisfies Record<string, Entry>;
