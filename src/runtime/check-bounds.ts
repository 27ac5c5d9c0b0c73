import { FILE_ORDER, isAxisOrder } from '../data/axes.ts';
import { isLabelling, labellingOfOutput } from '../data/labelling.ts';
import { isPowerOfTwo } from '../math.ts';
import type { Facts, TrainedOnFacts } from '../program/facts.ts';
import type { Dispatch, TensorInfo } from '../program/program.ts';
import type { StoredKernel, StoredPlan, StoredProgram } from '../program/stored.ts';
import { HYPER_LENGTH } from '../recipe/optimizers.ts';
import { RuntimeError } from './runtime-error.ts';

/** Offsets into the uniform buffer are multiples of it on every WebGPU device, and on the processor. */
const UNIFORM_ALIGNMENT = 256;
const CPU_ALIGNMENT = 16;
/** Workgroups along an axis on every WebGPU device, and in all on the processor. */
const MAX_WORKGROUPS = 65535;
const MAX_CPU_WORKGROUPS = 2 ** 31 - 1;
/** What every device binds of a uniform buffer. */
const MAX_UNIFORM_BINDING = 65536;

/**
 * Makes sure that all that a program says of its memory holds: a device is asked only for what is within bounds, and
 * never for more than the program says it requires.
 *
 * @throws RuntimeError `program-bounds` that names the place
 */
export function checkBounds({ plans, facts }: StoredProgram): void {
  unique(
    'plan',
    plans.map(({ modules }) => (modules ? 'for the CPU device' : 'for WebGPU')),
  );
  for (const plan of plans) {
    checkPlan(plan);
    checkFacts(plan, facts);
  }
  if (facts.trainedOn) checkTrainedOn(facts, facts.trainedOn, plans[0].entries['forward'].outputs[0]);
  // What one says of weights, inputs and results holds for the other.
  const [first, ...others] = plans.map(interfaceOf);
  if (others.some((other) => other !== first)) wrong('plans', 'they take or give different things');
}

/** What is seen of a plan from outside, as a text. */
function interfaceOf({ tensors, entries }: StoredPlan): string {
  const types = (infos: readonly TensorInfo[]) =>
    infos.map(({ name, dtype, shape }) => JSON.stringify([name, dtype, shape])).sort();
  const weights = tensors.filter(({ kind }) => kind === 'param' || kind === 'buffer');
  const inputs = tensors.filter(({ kind }) => kind === 'input');
  const forward = entries['forward'].outputs.map(({ name, dtype, shape }) => [name, dtype, shape]);
  return JSON.stringify([types(weights), types(inputs), forward]);
}

function checkPlan(program: StoredPlan): void {
  const { buffers, requires, kernels, entries, tensors, modules } = program;
  if (!isPowerOfTwo(requires.minStorageBufferOffsetAlignment))
    wrong('requires', 'an alignment is a power of two');
  buffers.forEach(({ size }, i) => {
    if (size % 4 !== 0) wrong(`buffer ${i}`, `its size ${size} is no multiple of 4`);
    if (size > requires.maxBufferSize)
      wrong(`buffer ${i}`, `it is larger than what is required, ${requires.maxBufferSize}`);
  });
  unique(
    'kernel',
    kernels.map(({ name }) => name),
  );
  for (const { name, bindings, text } of kernels) {
    if ((text === undefined) !== (modules !== undefined))
      wrong(`kernel ${name}`, modules ? 'it has a text beside a module' : 'it has no text');
    if (bindings.length > requires.maxStorageBuffersPerShaderStage)
      wrong(`kernel ${name}`, `it binds ${bindings.length} buffers, more than is required`);
  }
  unique(
    'tensor',
    tensors.map(({ kind, name }) => `${kind} ${name}`),
  );
  for (const tensor of tensors) checkTensor(program, `${tensor.kind} ${tensor.name}`, tensor);
  const values = buffers.reduce((n, { kind, size }) => n + (kind === 'values' ? size : 0), 0);
  for (const [name, { dispatches, outputs, peak, overflow }] of Object.entries(entries)) {
    if (peak > values) wrong(`entry ${name}`, `its values take ${peak} bytes, more than their buffers have`);
    unique(
      `output of ${name}`,
      outputs.map((o) => o.name),
    );
    for (const output of outputs) checkTensor(program, `output ${output.name} of ${name}`, output);
    if (overflow) checkTensor(program, `overflow of ${name}`, { ...overflow, shape: [] });
    dispatches.forEach((d, i) => {
      checkDispatch(program, `dispatch ${i} of ${name}`, d);
    });
  }
  const bytes = buffers.reduce((n, { size }) => n + size, 4 * program.uniforms.length);
  if (program.bytes !== bytes) wrong('bytes', `buffers and uniforms take ${bytes}, not ${program.bytes}`);
}

function checkTensor(
  { buffers }: StoredPlan,
  what: string,
  { shape, buffer, offset }: Pick<TensorInfo, 'shape' | 'buffer' | 'offset'>,
): void {
  if (buffer >= buffers.length) wrong(what, `there is no buffer ${buffer}`);
  if (offset % 4 !== 0) wrong(what, `its offset ${offset} is no multiple of 4`);
  // Sizes are checked one by one: their product may be beyond what a number holds.
  let bytes = 4;
  for (const size of shape) {
    bytes *= size;
    if (bytes > buffers[buffer].size) break;
  }
  if (offset + bytes > buffers[buffer].size) wrong(what, `it ends beyond buffer ${buffer}`);
}

function checkDispatch(
  { buffers, kernels, uniforms, requires, modules }: StoredPlan,
  what: string,
  d: Dispatch,
): void {
  if (d.kernel >= kernels.length) wrong(what, `there is no kernel ${d.kernel}`);
  const kernel = kernels[d.kernel];
  if (d.bindings.length !== kernel.bindings.length)
    wrong(what, `it binds ${d.bindings.length} buffers, ${kernel.name} takes ${kernel.bindings.length}`);
  d.bindings.forEach(([buffer, offset, size], i) => {
    const at = `binding ${i} of ${what}`;
    if (buffer >= buffers.length) wrong(at, `there is no buffer ${buffer}`);
    if (offset % requires.minStorageBufferOffsetAlignment !== 0)
      wrong(at, `its offset ${offset} is not aligned`);
    if (size === 0 || size % 4 !== 0) wrong(at, `its size ${size} is no multiple of 4, or 0`);
    if (size > requires.maxStorageBufferBindingSize) wrong(at, `${size} bytes are more than is required`);
    if (offset + size > buffers[buffer].size) wrong(at, `it ends beyond buffer ${buffer}`);
  });
  checkAliases(what, d, kernel);
  if (modules ? product(d.workgroups) > MAX_CPU_WORKGROUPS : Math.max(...d.workgroups) > MAX_WORKGROUPS)
    wrong(what, `there are too many workgroups, ${d.workgroups.join(', ')}`);
  const [offset, size] = d.uniforms;
  if (!kernel.hasUniforms) return;
  const alignment = modules ? CPU_ALIGNMENT : UNIFORM_ALIGNMENT;
  if (offset % alignment !== 0 || size % 4 !== 0) wrong(what, 'its uniforms are not aligned');
  if (size === 0 || size > MAX_UNIFORM_BINDING || offset + size > 4 * uniforms.length)
    wrong(what, 'its uniforms are not among those of the program');
}

/** A buffer that one binding writes is writable in all bindings of the dispatch, and none of them overlap. */
function checkAliases(what: string, { bindings }: Dispatch, kernel: StoredKernel): void {
  bindings.forEach(([buffer, offset, size], i) => {
    bindings.slice(0, i).forEach(([other, from, length], j) => {
      const [one, two] = [kernel.bindings[i], kernel.bindings[j]];
      if (buffer !== other || (one === 'read' && two === 'read')) return;
      if (one !== two) wrong(what, `buffer ${buffer} is read in one binding and written in another`);
      if (offset < from + length && from < offset + size) wrong(what, `bindings ${j} and ${i} overlap`);
    });
  });
}

function checkFacts({ tensors, entries }: StoredPlan, facts: Facts): void {
  const input = (name: string) => tensors.find((t) => t.kind === 'input' && t.name === name);
  unique(
    'input',
    facts.inputs.map(({ name }) => name),
  );
  for (const { name, dtype, shape } of facts.inputs) {
    const found = input(name);
    if (found && (found.shape.join() !== shape.join() || found.dtype !== dtype))
      wrong(`input ${name}`, 'facts and tensors tell different things of it');
  }
  const stored = tensors.filter(({ kind }) => kind === 'param' || kind === 'buffer');
  unique(
    'weight',
    [...stored, ...facts.unread].map(({ name }) => name),
  );
  if (!Object.hasOwn(entries, 'forward')) wrong('entries', 'there is no `forward`');
  const { training } = facts;
  if (!training) return;
  for (const name of training.step)
    if (!Object.hasOwn(entries, name)) wrong('a step', `there is no entry ${name}`);
  const losses = Object.hasOwn(entries, 'loss') ? entries['loss'].outputs : [];
  if (!losses.some(({ name, shape, dtype }) => name === 'loss' && shape.length === 0 && dtype === 'f32'))
    wrong('entries', 'there is no `loss` that gives one number `loss`');
  for (const name of ['loss', 'norm2']) {
    const outputs = training.step.flatMap((entry) => entries[entry].outputs).filter((o) => o.name === name);
    if (outputs.length === 0 || outputs.some(({ shape, dtype }) => shape.join('') !== '' || dtype !== 'f32'))
      wrong('a step', `none of its entries gives one number \`${name}\``);
  }
  for (const name of ['target', ...Object.keys(training.targets ?? {})])
    if (input(name)?.dtype !== 'i32') wrong('a step', `no entry takes class ids \`${name}\``);
  const hyper = input('hyper');
  if (hyper?.dtype !== 'f32' || hyper.shape.join() !== String(HYPER_LENGTH))
    wrong('a step', 'no entry takes `hyper`');
  const rng = input('rng');
  if (rng && (rng.dtype !== 'i32' || rng.shape.join() !== '2')) wrong('a step', '`rng` is no pair of words');
}

/** @param output the first, which predictions are made of */
function checkTrainedOn({ inputs }: Facts, trainedOn: TrainedOnFacts, output?: TensorInfo): void {
  const { plan, heads = {}, inputs: fed } = trainedOn;
  const { classes, regions } = labellingOfOutput(trainedOn, output?.name ?? '');
  const [found, shown] = regions ? [regions.length, 'regions'] : [classes.length, 'classes'];
  if (output?.shape[1] !== found) wrong('trainedOn', `${found} ${shown} are not those of the first output`);
  if (![trainedOn, ...Object.values(heads)].every(isLabelling))
    wrong('trainedOn', 'classes, regions and what is ignored do not fit together');
  const { transpose_forward: order = FILE_ORDER } = plan ?? trainedOn;
  if (!isAxisOrder(order)) wrong('trainedOn', 'an axis is there twice');
  if (!plan) return;
  const normalised = plan.normalisation.length;
  const channels = fed ? trainedOn.channels.length : inputs[0]?.shape[1];
  if (channels !== normalised)
    wrong('trainedOn', `${normalised} normalised channels are not those of the input`);
}

function unique(what: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) wrong(`${what} ${name}`, 'it is there twice');
    seen.add(name);
  }
}

const product = (sizes: readonly number[]) => sizes.reduce((n, size) => n * size, 1);

function wrong(what: string, why: string): never {
  const message = `program.json: ${what}: ${why}`;
  // Names may be of any length.
  throw new RuntimeError('program-bounds', message.length > 300 ? `${message.slice(0, 300)}…` : message);
}
