import type { Entry } from './entry.ts';

/** Shapes of tensors. */
export const shapeDiagnostics = {
  'shape-mismatch': {
    severity: 'error',
    message: '{message}',
    hint: 'compare the shapes above axis by axis',
    explanation:
      'The shapes of the operands do not fit the op. Both are shown, with where each comes from. Sizes print in terms of the input: H/16 is the image height divided by 16.',
  },
  'signature-mismatch': {
    severity: 'error',
    message: '`{callee}` expects {name}: {expected}, but gets {found}',
    hint: 'check the arguments that the instance was declared with',
    explanation:
      'Each call is checked against the shapes in the signature of `forward`. Names that the block does not know stand for any size and are bound by the call; all else must be equal.',
  },
  'result-mismatch': {
    severity: 'error',
    message: '{what} should be {expected}, but is {found}',
    hint: 'correct the declared shape, or what is computed',
    explanation:
      'The shape after -> is a promise that is checked with every call, as is the shape of each output.',
  },
  'output-without-batch': {
    severity: 'error',
    message: 'the first axis of {what} is not the batch: {found}',
    hint: 'an output is [B, …]: one result for each sample',
    explanation:
      'Each sample of a batch has a result of its own, at its place along the first axis of every output. Where the batch was merged into another axis or moved, by reshape or permute, undo that before.',
  },
  'bad-shape': {
    severity: 'error',
    message: '{what} is no size: {found}',
    hint: 'sizes are whole numbers of at least 1, names bound by the signature, or products of them',
    explanation: 'Each axis of a shape is a whole number, a name that the call binds, or B, the batch.',
  },
  'tensor-too-large': {
    severity: 'error',
    message: '{what} would have {elements} elements',
    hint: 'reduce the sizes; a tensor may have up to 2^32 elements',
    explanation: 'No device holds a tensor of this size; most likely a size is wrong.',
  },
} as const satisfies Record<string, Entry>;
