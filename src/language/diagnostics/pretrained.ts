import type { Entry } from './entry.ts';

/** `pretrained` sections. */
export const pretrainedDiagnostics = {
  'unknown-rule': {
    severity: 'error',
    message: 'a pretrained section has no `{name}`',
    hint: 'it has {rules}',
    explanation: 'See docs/language.md for what stands in a pretrained section.',
  },
  'rule-form': {
    severity: 'error',
    message: '`{name}` is written {expected}',
    hint: 'write {expected}',
    explanation:
      '`file` and `into` are one text each, after `=`. All other rules are sets of patterns in braces, separated by commas or line ends.',
  },
  'bad-pattern': {
    severity: 'error',
    message: 'the pattern "{pattern}" {problem}',
    hint: 'write a tensor name, with `*` for any text and a name in braces for one number',
    explanation:
      'A pattern is a tensor name as in a state_dict. `*` stands for any text, dots included; a name in braces stands for one whole number.',
  },
  'missing-target': {
    severity: 'error',
    message: '`{name}` does not say what becomes of "{pattern}"',
    hint: 'write "{pattern}" -> "…"',
    explanation: '`rename` and `alias` map names to names: "layers.{i}.downsample.*" -> "downsamples.{i}.*".',
  },
  'needless-target': {
    severity: 'error',
    message: '`{name}` takes patterns alone, with no `->`',
    hint: 'leave out `-> "{target}"`, or put the line under `rename`',
    explanation: '`skip`, `new` and `if_shape` only choose names. `rename` and `alias` map them.',
  },
  'unbound-wildcard': {
    severity: 'error',
    message: '"{target}" uses `{wildcard}`, which "{pattern}" does not have',
    hint: 'use on the right only what stands on the left',
    explanation:
      'The stars of the right side take what those of the left stood for, in order, and numbers go by their names.',
  },
  'no-such-parameters': {
    severity: 'error',
    message: '"{pattern}" fits no parameter of {model}',
    hint: '`archc params` lists the names of the parameters',
    explanation:
      '`into` names a module of the model, and `new` and `if_shape` its parameters, without what `into` says. With the default values of the model each must be found.',
  },
} as const satisfies Record<string, Entry>;
