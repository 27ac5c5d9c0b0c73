import type { Facts, TensorType, TrainingFacts } from '../program/facts.ts';
import type { BufferInfo, Dispatch, Entry, ProgramPlan, SourceInfo, TensorInfo } from '../program/program.ts';
import {
  type FileInfo,
  OLDEST_FORMAT,
  PROGRAM_FORMAT,
  type StoredKernel,
  type StoredModules,
  type StoredPlan,
  type StoredProgram,
} from '../program/stored.ts';
import { optimizers } from '../recipe/optimizers.ts';
import { schedules } from '../recipe/schedules.ts';
import { type Chosen, type Forms, inRange, rangeText, type Setting } from '../recipe/setting.ts';
import { trainedOn } from './parse-trained-on.ts';
import {
  flag,
  list,
  number,
  type Optional,
  object,
  oneOf,
  optional,
  pair,
  type Read,
  readDocument,
  record,
  several,
  text,
  triple,
  whole,
} from './reading.ts';
import { RuntimeError } from './runtime-error.ts';

/** More than any device binds: what is checked pair by pair stays short. */
const MAX_BINDINGS = 1000;
/** Of a kernel as WebAssembly, in bytes: each of up to 16 threads has as much. */
const MAX_SCRATCH = 2 ** 24;

const count = whole();
const index = whole();
const sha256 = text(/^[0-9a-f]{64}$/);
const dtype = oneOf('f32', 'i32');
const shape = list(whole());
const tensor = { name: text(), dtype, shape, buffer: index, offset: count };

/** A choice of a table of the recipe, with its arguments. */
function chosen<F extends Forms>(forms: F): Read<Chosen<F>> {
  const kind = object<{ kind: string }>({ kind: oneOf(...Object.keys(forms)) });
  return (value) => {
    const name = kind(
      typeof value === 'object' && value !== null && 'kind' in value ? { kind: value.kind } : value,
    );
    const args = Object.entries(forms[name.kind].args).map(([arg, setting]) => [arg, argument(setting)]);
    return object({ kind: text(), ...Object.fromEntries(args) })(value) as Chosen<F>;
  };
}

function argument(setting: Setting): Read<unknown> | Optional<unknown> {
  const { range, length, choices = [] } = setting;
  const integral = setting.type === 'whole';
  const one = number(
    (n) => inRange(n, range) && (!integral || Number.isSafeInteger(n)),
    `a ${integral ? 'whole ' : ''}number ${rangeText(range)}`.trim(),
  );
  const reads: Readonly<Record<Setting['type'], Read<unknown>>> = {
    number: one,
    whole: one,
    flag,
    numbers: length === undefined ? list(one) : several(one, length),
    word: oneOf(...choices),
    text: text(),
  };
  // What may be left out and has no default is not there where it is left out.
  return setting.needed || setting.otherwise !== undefined
    ? reads[setting.type]
    : optional(reads[setting.type]);
}

const training = object<TrainingFacts>({
  section: text(),
  step: list(text(), 1),
  classes: whole(1),
  targets: optional(record(/^target\../, whole(1)) as Read<TrainingFacts['targets']>),
  optimizer: chosen(optimizers),
  schedule: chosen(schedules),
  steps: whole(1),
  seed: whole(),
});

const tensorType = object<TensorType>({ name: text(), dtype, shape });

const configValue: Read<number | boolean | string | readonly number[]> = (value) => {
  if (Array.isArray(value)) return list(number())(value);
  if (typeof value === 'string') return value;
  return typeof value === 'boolean' ? value : number()(value);
};

const facts = object<Facts>({
  config: record(/./, configValue),
  inputs: list(tensorType),
  unread: list(tensorType),
  training: optional(training as Read<TrainingFacts | undefined>),
  trainedOn: optional(trainedOn as Read<Facts['trainedOn']>),
});

const dispatch = object<Dispatch>({
  kernel: index,
  bindings: list(triple(count)),
  uniforms: pair(count),
  workgroups: triple(whole(0, 2 ** 31 - 1)),
  label: text(),
});

const source = object<SourceInfo>({
  ...tensor,
  kind: oneOf('input', 'param', 'buffer', 'state', 'carry'),
  initial: optional(number() as Read<number | undefined>),
});

const file = object<FileInfo>({ bytes: count, sha256 });

const plan = object<StoredPlan>({
  target: text(),
  buffers: list(
    object<BufferInfo>({ size: whole(4), kind: oneOf('input', 'weights', 'state', 'carry', 'values') }),
  ),
  bytes: count,
  kernels: list(
    object<StoredKernel>({
      // It is a part of a file's name.
      name: text(/^\w[\w.+-]{0,199}$/),
      bindings: list(oneOf('read', 'read_write'), 1),
      hasUniforms: flag,
      text: optional(file as Read<FileInfo | undefined>),
    }),
  ),
  modules: optional(
    object<StoredModules>({
      plain: file,
      relaxed: file,
      scratchBytes: whole(0, MAX_SCRATCH),
      address: optional(whole(64, 64) as Read<64 | undefined>),
    }) as Read<StoredModules | undefined>,
  ),
  uniforms: list(whole(0, 2 ** 32 - 1)),
  tensors: list(source),
  entries: record(
    /^[A-Za-z]\w*$/,
    object<Entry>({
      dispatches: list(dispatch),
      outputs: list(object<TensorInfo>(tensor)),
      peak: count,
      overflow: optional(object({ buffer: index, offset: count }) as Read<Entry['overflow']>),
    }),
  ),
  requires: object<ProgramPlan['requires']>({
    maxStorageBuffersPerShaderStage: whole(1, MAX_BINDINGS),
    maxStorageBufferBindingSize: count,
    maxBufferSize: count,
    maxComputeInvocationsPerWorkgroup: whole(1),
    maxComputeWorkgroupStorageSize: count,
    minStorageBufferOffsetAlignment: whole(1),
    features: list(oneOf('shader-f16')),
  }),
});

const stored = object<StoredProgram>({
  format: (value) => whole(OLDEST_FORMAT, PROGRAM_FORMAT)(value) as StoredProgram['format'],
  model: text(),
  batch: whole(1),
  plans: list(plan, 1),
  facts,
  weights: file,
  sha256,
});

/**
 * The text of `program.json` as a document of a version of the format that is read.
 *
 * @throws RuntimeError `program-version`; `program-format` where it is no JSON
 */
export function parseDocument(json: string): unknown {
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch (error) {
    throw new RuntimeError('program-format', `program.json is no JSON: ${(error as Error).message}`);
  }
  const { format } = (document ?? {}) as { readonly format?: unknown };
  if (typeof format !== 'number' || format === OLDEST_FORMAT || format === PROGRAM_FORMAT) return document;
  throw new RuntimeError(
    'program-version',
    `program.json is of version ${format} of the format, this runtime reads versions ${OLDEST_FORMAT} and ${PROGRAM_FORMAT}`,
  );
}

/**
 * What the document holds, of the right types. Whether its numbers fit together is for `checkBounds`.
 *
 * @throws RuntimeError `program-format` that names the field
 */
export function readProgram(document: unknown): StoredProgram {
  return readDocument('program.json', document, stored);
}
