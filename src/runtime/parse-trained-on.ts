import { type LabelClass, type Labelling, type LabelRegion, MAX_LABEL_VALUE } from '../data/labelling.ts';
import type { TrainedOnFacts } from '../program/facts.ts';
import type { Normalisation } from '../recipe/normalisation.ts';
import type { PreprocessingPlan } from '../recipe/preprocessing.ts';
import {
  flag,
  list,
  number,
  object,
  oneOf,
  optional,
  pair,
  type Read,
  record,
  text,
  triple,
  whole,
} from './reading.ts';

const value = whole(0, MAX_LABEL_VALUE);
const size = number((n) => n > 0, 'a number above 0');
const kind = oneOf('zscore', 'ct', 'rescale_0_1', 'rgb_0_1', 'none');

/** By the kind of a normalisation what it holds beside that. */
const figures: Readonly<Record<Normalisation['kind'], Readonly<Record<string, Read<unknown>>>>> = {
  zscore: { masked: flag },
  ct: { low: number(), high: number(), mean: number(), std: number() },
  rescale_0_1: {},
  rgb_0_1: {},
  none: {},
};

const normalisation: Read<Normalisation> = (value) => {
  const name = kind(typeof value === 'object' && value !== null && 'kind' in value ? value.kind : value);
  return object({ kind, ...figures[name] })(value) as Normalisation;
};

const axis = whole(0, 2);

const labelling = {
  classes: list(object<LabelClass>({ name: text(), value }), 1),
  regions: optional(
    list(object<LabelRegion>({ name: text(), values: list(value, 1), painted: value }), 1) as Read<
      TrainedOnFacts['regions']
    >,
  ),
  ignore: optional(value as Read<number | undefined>),
};

/** What a program says that its weights were trained on. */
export const trainedOn = object<TrainedOnFacts>({
  channels: list(text()),
  ...labelling,
  pixels: optional(pair(size) as Read<TrainedOnFacts['pixels']>),
  transpose_forward: optional(triple(axis) as Read<TrainedOnFacts['transpose_forward']>),
  plan: optional(
    object<PreprocessingPlan>({
      transpose_forward: triple(axis),
      normalisation: list(normalisation, 1),
      plan_2d: object({ spacing: pair(size) }),
    }) as Read<PreprocessingPlan | undefined>,
  ),
  inputs: optional(list(list(whole(0, 255), 1), 1) as Read<TrainedOnFacts['inputs']>),
  heads: optional(record(/./, object<Labelling>(labelling)) as Read<TrainedOnFacts['heads']>),
});
