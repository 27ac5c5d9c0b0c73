import type { Entry } from './entry.ts';

/** Buffers, and what differs between training and all else. */
export const bufferDiagnostics = {
  'not-a-buffer': {
    severity: 'error',
    message: '`update` sets buffers, and `{name}` is {found}',
    hint: 'declare it beside `forward`: buffer {name}: […] = zeros',
    explanation:
      '`update name = e` says what a buffer of this block holds after a training step. Parameters are set by the optimizer; a name that is bound in `forward` is bound anew with `=`.',
  },
  'bound-buffer': {
    severity: 'error',
    message: '`{name}` is a buffer: `=` would bind the name and leave the buffer as it is',
    hint: 'update {name} = …, or bind another name',
    explanation:
      'Inside `forward`, `name = e` binds a name for the rest of the call. To set a buffer, write `update name = e`: it takes part in training steps only.',
  },
  'update-mismatch': {
    severity: 'error',
    message: 'the buffer `{name}` is {expected}, but is updated with {found}',
    hint: 'reduce or reshape the value to the shape of the buffer',
    explanation: 'A buffer keeps its shape. The batch is no part of it: reduce over it first.',
  },
  'training-outside-forward': {
    severity: 'error',
    message: '`training` is known in `forward` and `def` only',
    hint: 'test it inside `forward`, with an `if`',
    explanation:
      'What a model consists of (parameters, buffers, instances, outputs) is the same in training and outside of it, so that weights fit both. Only what is computed may differ.',
  },
} as const satisfies Record<string, Entry>;
