/** A setting of a train section, for documents: in words what it takes, and what it is where it is left out. */
interface TrainSetting {
  readonly takes: string;
  readonly leftOut: string;
}

/** What settings are that are left out; a run that began before there was one is a run with this. */
export const trainDefaults: {
  readonly accumulate: number;
  readonly ema: number;
  readonly freeze: readonly string[];
  readonly freeze_steps: number;
  readonly validate_batches: number;
  readonly score_decay: number;
  readonly patience: number;
  readonly foreground: number;
  readonly seed: number;
} = {
  accumulate: 1,
  ema: 0,
  freeze: [],
  freeze_steps: 0,
  validate_batches: 50,
  score_decay: 0,
  patience: 0,
  foreground: 0,
  seed: 0,
};

/** All that may be set of an output, in `output NAME { … }` of a train section. */
export const outputSettings: Readonly<Record<string, TrainSetting>> = {
  loss: {
    takes: 'sum of [losses](#losses): what this output is compared by',
    leftOut: 'the loss of the section',
  },
  weight: {
    takes: 'how much its loss counts in the sum over all outputs, at least 0',
    leftOut: "the section's `supervise`, and 1 where that is left out, too",
  },
  supervise: {
    takes: 'of several outputs of one name, how much of `weight` is each one’s: [supervision](#supervision)',
    leftOut: 'each has the whole weight',
  },
  target: {
    takes:
      'the classes of this output: a list, in which each is a name of a class of the data set or a list of several, `["boundary", ["interior", "core"]]` (see [language.md](language.md#outputs-with-targets-of-their-own))',
    leftOut: 'the classes of the data set',
  },
};

/** All that a train section may set. */
export const trainSettings: Readonly<Record<string, TrainSetting>> = {
  loss: {
    takes:
      'sum of [losses](#losses), each with a factor or without (`cross_entropy + 0.5 * dice(batch: true)`)',
    leftOut: 'needed',
  },
  supervise: {
    takes: 'how much each output counts: [supervision](#supervision)',
    leftOut: 'the first output only',
  },
  inputs: {
    takes:
      'which channels of the data set each input of the network takes: a list with a name, or a list of names, for each input in the order of the spec, `["T1", ["T2", "FLAIR"]]`',
    leftOut: 'one input takes all; several of one channel each that of their name',
  },
  optimizer: { takes: 'one of the [optimizers](#optimizers)', leftOut: 'needed' },
  schedule: { takes: 'one of the [schedules](#schedules) of the learning rate', leftOut: '`constant`' },
  batch: { takes: 'samples that the network sees at once, at least 1', leftOut: 'needed' },
  accumulate: {
    takes: 'batches whose mean gradient makes a step, at least 1 (see [training.md](training.md#averages))',
    leftOut: '1',
  },
  steps: { takes: 'a whole number of at least 1', leftOut: 'needed' },
  ema: {
    takes:
      'decay of averaged weights, 0 to below 1: these are validated, tested and kept as the weights of the run',
    leftOut: '0: no averages',
  },
  freeze: {
    takes:
      'parameters that stay as they are: names, or patterns with `*` for any text, `["encoder.*"]` (see [training.md](training.md#frozen-parameters))',
    leftOut: 'none',
  },
  freeze_steps: { takes: 'steps for which these stay; 0 for the whole run', leftOut: '0' },
  validate: { takes: 'steps between validations (see [training.md](training.md)); 0 never', leftOut: '0' },
  validate_batches: {
    takes: 'batches of a validation at most, at least 1; where there is more, a choice by the seed',
    leftOut: '50',
  },
  holdout: {
    takes:
      'training cases to validate on and not to train on: a share, 0 to 1, which the seed chooses; a list of case ids, `["case_3", "case_7"]`; or a fold of a [cross-validation](#held-back-cases), `fold(0)`',
    leftOut: '0.2 if `validate`, else 0',
  },
  score_decay: {
    takes:
      "decay of the running mean of the validations' scores that says which was best, 0 to below 1; nnU-Net's is 0.9",
    leftOut: '0: each score by itself',
  },
  patience: {
    takes: 'validations without a new best after which training ends; 0 never',
    leftOut: '0',
  },
  foreground: { takes: 'share of crops centred on foreground, 0 to 1', leftOut: '0' },
  augment: {
    takes: 'sum of [augmentations](#augmentations) (`flips + brightness(0.25)`)',
    leftOut: 'no augmentation',
  },
  seed: { takes: 'a whole number', leftOut: '0' },
};
