import type { Executable } from '../backend/backend.ts';
import { InputError } from '../errors.ts';
import type { ElaboratedModel, ModelInput, TrainSection } from '../language/model.ts';
import { nearest } from '../language/suggest.ts';

/** Of each input of a network, in their order, the channels of an image that it takes. */
export type InputChannels = readonly (readonly number[])[];

/** Writes what inputs are fed. */
export function writeInputs(executable: Executable, fed: Readonly<Record<string, Float32Array>>): void {
  for (const [name, x] of Object.entries(fed)) executable.write('input', name, x);
}

/** How the inputs of a network are fed from images. */
export class ImageInputs {
  /** Channels of an image. */
  readonly channels: number;
  /** See InputChannels. */
  readonly taken: InputChannels;
  readonly #inputs: readonly ModelInput[];

  /** @param channels of an image; all that are taken are below it */
  constructor(model: ElaboratedModel, channels: number, taken: InputChannels) {
    this.#inputs = model.inputs;
    this.channels = channels;
    this.taken = taken;
  }

  /** Whether there is one input, which takes an image as it is. */
  get whole(): boolean {
    return this.taken.length === 1 && this.taken[0].join() === [...Array(this.channels).keys()].join();
  }

  /** What inputs are fed for a batch of images, [B, C, H, W], by their names. */
  feed(x: Float32Array): Record<string, Float32Array> {
    if (this.whole) return { [this.#inputs[0].name]: x };
    return Object.fromEntries(this.#inputs.map((input, i) => [input.name, this.#gathered(x, input, i)]));
  }

  #gathered(x: Float32Array, { shape: [, , height, width] }: ModelInput, i: number): Float32Array {
    const taken = this.taken[i];
    const plane = height * width;
    const batch = x.length / (this.channels * plane);
    const out = new Float32Array(batch * taken.length * plane);
    for (let b = 0; b < batch; b++) {
      for (const [c, channel] of taken.entries()) {
        const from = (b * this.channels + channel) * plane;
        out.set(x.subarray(from, from + plane), (b * taken.length + c) * plane);
      }
    }
    return out;
  }
}

/**
 * How a network is fed from images of a data set: by `inputs` of its train section; else one input takes all channels, and
 * several inputs of one channel each that of their name.
 *
 * @param names of the channels
 * @throws InputError `many-inputs` where it is not said which input takes what, `bad-inputs` where what is said does not
 *   fit, `image-channels` where an input takes another number of channels, `not-2d`
 */
export function imageInputs(
  model: ElaboratedModel,
  { inputs }: Pick<TrainSection, 'inputs'>,
  names: readonly string[],
): ImageInputs {
  checkAlike(model);
  const found = inputs ? asSaid(model, inputs, names) : byDefault(model, names);
  const taken = inputs ? found : checked(model, found);
  return new ImageInputs(model, names.length, taken);
}

/**
 * The same of what weights say.
 *
 * @param taken absent of networks with one input
 * @throws InputError `many-inputs` where it is not known what several inputs take; `not-2d`
 */
export function inputsAsTrained(
  model: ElaboratedModel,
  channels: number,
  taken: InputChannels | undefined,
): ImageInputs {
  checkAlike(model);
  if (taken) return new ImageInputs(model, channels, taken);
  if (model.inputs.length > 1) throw manyInputs(model, undefined);
  return new ImageInputs(model, channels, [[...Array(channels).keys()]]);
}

/**
 * The inputs of a classifier, which has one: an image of a class's folder has no names of channels.
 *
 * @throws InputError `many-inputs`, `bad-inputs` where the section says what inputs take; `not-2d`
 */
export function classifierInputs(
  model: ElaboratedModel,
  { inputs: said }: Pick<TrainSection, 'inputs'>,
): ImageInputs {
  const { inputs, name } = model;
  if (inputs.length > 1)
    throw new InputError(
      'many-inputs',
      `${name} has ${inputs.length} inputs, ${inputs.map((i) => `\`${i.name}\``).join(', ')}; an image of a class's folder is one`,
      'a classifier with one `input`; `archc run`, `grad` and `fit` take each input under its name',
    );
  if (said)
    throw new InputError(
      'bad-inputs',
      `${said.span.file}:${said.span.line}:${said.span.column}: \`inputs\` says nothing of images in folders of classes, whose channels have no names`,
      'leave it out',
    );
  checkAlike(model);
  const channels = inputs[0].shape[1];
  return new ImageInputs(model, channels, [[...Array(channels).keys()]]);
}

/** What weights say of inputs: nothing of one that takes an image as it is. */
export const inputsEntry = ({ whole, taken }: ImageInputs): { readonly inputs?: InputChannels } =>
  whole ? {} : { inputs: taken };

/** What is said of channels that no input takes. */
export function leftOverRemarks(inputs: ImageInputs, names: readonly string[]): string[] {
  const left = names.filter((_, channel) => !inputs.taken.some((one) => one.includes(channel)));
  return left.length === 0 ? [] : [`no input takes ${left.join(', ')}`];
}

/** Whether a list is one of so many inputs of so many channels. */
export const isInputChannels = (taken: unknown, inputs: readonly ModelInput[], channels: number): boolean =>
  Array.isArray(taken) &&
  taken.length === inputs.length &&
  taken.every(
    (one: unknown, i) =>
      Array.isArray(one) &&
      one.length === inputs[i].shape[1] &&
      one.every((channel) => Number.isInteger(channel) && channel >= 0 && channel < channels),
  );

/** All inputs are images of one size. */
function checkAlike({ name, inputs }: ElaboratedModel): void {
  const [first] = inputs;
  const wrong = inputs.find(
    ({ shape }) => shape.length !== 4 || shape.slice(2).join() !== first.shape.slice(2).join(),
  );
  if (wrong === undefined) return;
  const shown = inputs.map((input) => `\`${input.name}\` [${input.shape.join(', ')}]`).join(', ');
  throw new InputError(
    'not-2d',
    `${name} takes ${shown}; training needs [B, C, H, W], of one size where there are several`,
    inputs.length === 1
      ? 'give a model of 2-D images'
      : 'inputs of one size; `archc run`, `grad` and `fit` take any, each under its name',
  );
}

function asSaid(
  { inputs, name: model }: ElaboratedModel,
  { groups, span }: NonNullable<TrainSection['inputs']>,
  names: readonly string[],
): InputChannels {
  const refuse = (what: string, hint: string) =>
    new InputError('bad-inputs', `${span.file}:${span.line}:${span.column}: \`inputs\` ${what}`, hint);
  const listed = inputs.map(({ name, shape }) => `\`${name}\` of ${shape[1]} channel(s)`).join(', ');
  if (groups.length !== inputs.length)
    throw refuse(
      `has ${groups.length} entries, ${model} has ${inputs.length} inputs: ${listed}`,
      'one an input',
    );
  return groups.map((group, i) => {
    if (group.length !== inputs[i].shape[1])
      throw refuse(
        `gives \`${inputs[i].name}\` ${group.length} channel(s), which takes ${inputs[i].shape[1]}`,
        `the inputs in the order of the spec: ${listed}`,
      );
    return group.map((one) => {
      const channel = channelNamed(names, one);
      if (channel >= 0) return channel;
      const near = nearest(one, names);
      const all = names.join(', ');
      throw refuse(
        `names \`${one}\`, which is no channel of the data set`,
        near === undefined ? `its channels are ${all}` : `\`${near}\`; its channels are ${all}`,
      );
    });
  });
}

function byDefault(model: ElaboratedModel, names: readonly string[]): InputChannels {
  const { inputs } = model;
  if (inputs.length === 1) return [[...names.keys()]];
  const named = inputs.map(({ name, shape }) => (shape[1] === 1 ? channelNamed(names, name) : -1));
  if (named.includes(-1)) throw manyInputs(model, names);
  return named.map((channel) => [channel]);
}

function checked({ inputs, name }: ElaboratedModel, taken: InputChannels): InputChannels {
  const wrong = taken.findIndex((one, i) => one.length !== inputs[i].shape[1]);
  if (wrong < 0) return taken;
  const found = taken[wrong].length;
  throw new InputError(
    'image-channels',
    `the images have ${found} channels, ${name} takes ${inputs[wrong].shape[1]}`,
    `--set in_channels=${found}`,
  );
}

/** Case does not count where no name is the very same. */
function channelNamed(names: readonly string[], name: string): number {
  const same = names.indexOf(name);
  return same >= 0 ? same : names.findIndex((known) => known.toLowerCase() === name.toLowerCase());
}

function manyInputs({ inputs, name }: ElaboratedModel, names: readonly string[] | undefined): InputError {
  const listed = inputs.map((input) => `\`${input.name}\` of ${input.shape[1]} channel(s)`).join(', ');
  if (names === undefined)
    return new InputError(
      'many-inputs',
      `${name} has ${inputs.length} inputs, ${listed}, and the weights do not say which channels each takes`,
      'weights that `archc train` wrote; `archc run`, `grad` and `fit` take each input under its name',
    );
  let at = 0;
  const groups = inputs.map(({ shape }) => names.slice(at, (at += shape[1])));
  const fits = at === names.length;
  const text = groups
    .map((group) =>
      group.length === 1 ? JSON.stringify(group[0]) : `[${group.map((n) => JSON.stringify(n)).join(', ')}]`,
    )
    .join(', ');
  return new InputError(
    'many-inputs',
    `${name} has ${inputs.length} inputs, ${listed}; which of the data set's channels (${names.join(', ')}) each takes is not said`,
    fits
      ? `in the train section, in the right order: inputs = [${text}]`
      : 'in the train section, a list of names for each input: inputs = [["T1"], ["T2", "FLAIR"]]',
  );
}
