import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gradientGraph } from '../../src/autodiff/training.ts';
import type { Backend, Elements } from '../../src/backend/backend.ts';
import { referenceBackend } from '../../src/backend/reference.ts';
import { webgpuBackend } from '../../src/backend/webgpu.ts';
import { nodeRenderer } from '../../src/compiler/files.ts';
import { openModel, SpecError, trainSection } from '../../src/compiler/model.ts';
import { Random } from '../../src/data/random.ts';
import type { ElaboratedModel } from '../../src/language/program.ts';
import { ops } from '../../src/ops/index.ts';
import { initialise } from '../../src/training/initialise.ts';

type Settings = Readonly<Record<string, string>>;

/** What each network must take besides the fixtures' settings. */
const legal: readonly (readonly [spec: string, set: Settings])[] = [
  ['umamba-bot', { features: '<3, 5, 7>', size: '<12, 20>', in_channels: '4', classes: '2' }],
  // Channels as tokens in the deepest layer: 6 positions, 9 channels.
  ['umamba-enc', { features: '<5, 3, 7, 9>', size: '<24, 16>', in_channels: '3', classes: '5' }],
  [
    'segresnet',
    { init_filters: '16', blocks_down: '<2, 0, 1>', blocks_up: '<0, 3>', size: '<12, 28>', in_channels: '7' },
  ],
  ['segresnet', { init_filters: '8', blocks_down: '<1>', blocks_up: '<>', size: '<7, 5>', classes: '2' }],
];

const halves = 'every stage but the first halves the image';
const channels = 'an image has channels, a segmentation classes';

/** Settings that no network of the kind can have, and what the one error says. */
const illegal: readonly (readonly [specs: string, set: Settings, message: string])[] = [
  ['umamba-bot umamba-enc nnunet', { size: '<320, 300>' }, halves],
  ['umamba-bot umamba-enc nnunet', { size: '<64, 64>' }, 'more than one position in the deepest map'],
  ['umamba-bot umamba-enc nnunet', { size: '<0, 64>' }, 'more than one position in the deepest map'],
  ['umamba-bot umamba-enc nnunet', { features: '<4>' }, 'at least one decoder stage'],
  ['umamba-bot umamba-enc nnunet', { features: '<>' }, 'at least one decoder stage'],
  ['umamba-bot umamba-enc nnunet', { features: '<4, 0, 8>' }, 'every stage has channels'],
  ['umamba-bot umamba-enc nnunet', { features: '<4, 8.5, 8>' }, 'needs a whole number, but is 8.5'],
  ['umamba-bot umamba-enc nnunet segresnet', { in_channels: '0' }, channels],
  ['umamba-bot umamba-enc nnunet segresnet', { classes: '0' }, channels],
  ['umamba-bot umamba-enc nnunet segresnet', { size: '<64, 64, 64>' }, 'should have 2 entries, but has 3'],
  ['segresnet', { init_filters: '12' }, 'group norm has 8 groups'],
  ['segresnet', { init_filters: '0' }, 'group norm has 8 groups'],
  ['segresnet', { blocks_up: '<1, 1>' }, 'should have 3 entries, but has 2'],
  ['segresnet', { blocks_down: '<1, 2, -1, 2>' }, 'a level has a number of blocks'],
  ['segresnet', { blocks_down: '<>', blocks_up: '<>' }, "a level at the image's size"],
  ['segresnet', { size: '<320, 324>' }, 'every level but the first halves the image'],
  ['segresnet', { deep_supervision: 'true' }, 'has no parameter `deep_supervision`'],
];

const describeSet = (set: Settings) => Object.entries(set).map(([k, v]) => `${k}=${v}`);

describe('one mistake is one error', () => {
  const cases = illegal.flatMap(([specs, set, message]) =>
    specs.split(' ').map((spec) => [`${spec} ${describeSet(set).join(' ')}`, spec, set, message] as const),
  );
  test.each(cases)('%s', (_, spec, set, message) => {
    let found: unknown;
    try {
      openModel(spec, { set });
    } catch (e) {
      found = e;
    }
    expect(found).toBeInstanceOf(SpecError);
    const messages = (found as SpecError).diagnostics.map((d) => d.message);
    expect(messages).toEqual([expect.stringContaining(message)]);
  });
});

describe('both backends agree', () => {
  let backends: readonly [Backend, Backend];
  beforeAll(async () => {
    backends = [referenceBackend(ops), await webgpuBackend(ops, nodeRenderer(), {})];
  });
  afterAll(() => {
    for (const backend of backends) backend.destroy();
  });

  test.each(legal.map(([spec, set]) => [`${spec} ${describeSet(set).join(' ')}`, spec, set] as const))(
    'in every gradient: %s',
    async (_, spec, set) => {
      const model = openModel(spec, { set, batch: 2 });
      const [expected, actual] = [await gradients(backends[0], model), await gradients(backends[1], model)];
      const top = Math.max(...[...expected].filter(([n]) => n !== 'loss').map(([, g]) => largest(g)));
      for (const [name, truth] of expected) {
        const tolerance = 1e-3 * largest(truth) + 1e-5 * top;
        const error = largest(Float64Array.from(truth, (v, i) => v - actual.get(name)![i]));
        expect(error, name).toBeLessThanOrEqual(tolerance);
      }
    },
  );

  // Norms over few values one after the other make the gradients of so thin a network as uncertain as float32 is.
  test('in the loss, at eight stages', async () => {
    const set = { features: '<1, 2, 3, 4, 5, 6, 7, 8>', size: '<256, 384>', in_channels: '8', classes: '3' };
    const model = openModel('umamba-enc', { set, batch: 1 });
    const [expected, actual] = [await gradients(backends[0], model), await gradients(backends[1], model)];
    const truth = expected.get('loss')![0];
    expect(Math.abs(actual.get('loss')![0] - truth)).toBeLessThanOrEqual(1e-4 * truth);
  });
});

function largest(values: Elements): number {
  let most = 0;
  for (const v of values) most = Number.isNaN(v) ? Number.POSITIVE_INFINITY : Math.max(most, Math.abs(v));
  return most;
}

/** Loss and gradients at a random image, target and weights. */
async function gradients(backend: Backend, model: ElaboratedModel): Promise<Map<string, Elements>> {
  const { graph } = gradientGraph(model, trainSection(model), ops);
  const executable = await backend.prepare(graph, model.name, model.batch);
  for (const parameter of model.parameters) {
    if (!executable.has('param', parameter.name)) continue;
    // Off the first values, some of which are 0 and would hide what lies behind them.
    const random = Random.stream(1, 'weights', parameter.name);
    const values = initialise(parameter, 1).map((v) => v + random.normal(0, 0.1));
    executable.write('param', parameter.name, values);
  }
  const random = Random.stream(1, 'image');
  const [{ name, shape }] = model.inputs;
  const [batch, , height, width] = shape;
  const classes = model.graph.values[model.outputs[0].value].shape[1];
  const image = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal(0, 1));
  const target = Int32Array.from({ length: batch * height * width }, () => random.integer(0, classes));
  executable.write('input', name, image);
  executable.write('input', 'target', target);
  executable.run();
  const results = await executable.read(
    'output',
    graph.outputs.map((o) => o.name),
  );
  executable.destroy();
  return results;
}
