import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { initialise } from '../../src/compiler/initialise.ts';
import { openModel } from '../../src/files/open.ts';
import { elementCount } from '../../src/ir/graph.ts';
import { Random } from '../../src/recipe/random.ts';
import { readSafetensors, writeSafetensors } from '../../src/tensors/safetensors.ts';
import { deviation, largest } from './fixture.ts';

/** Legal configurations that no fixture covers: odd widths and depths, maps that are not square, other windows. */
const configurations: readonly [spec: string, set: Readonly<Record<string, string>>][] = [
  [
    'unetr',
    {
      size: '<48, 80>',
      in_channels: '8',
      classes: '5',
      feature_size: '3',
      hidden_size: '15',
      mlp_dim: '7',
      num_heads: '5',
    },
  ],
  [
    'swin-unetr',
    {
      size: '<32, 96>',
      in_channels: '3',
      classes: '4',
      feature_size: '9',
      depths: '<2, 3, 0, 1>',
      num_heads: '<9, 3, 1, 4>',
    },
  ],
  [
    'nnformer',
    {
      size: '<96, 64>',
      in_channels: '5',
      classes: '2',
      embed_dim: '6',
      depths: '<1, 3, 2, 1>',
      num_heads: '<3, 1, 2, 4>',
      windows: '<7, 3, 8, 1>',
    },
  ],
  ['nnunet', { features: '<5, 3, 6>', size: '<12, 20>', in_channels: '2', classes: '4' }],
  ['umamba-bot', { features: '<3, 5, 7>', size: '<12, 20>', in_channels: '8', classes: '2' }],
  // Channels as tokens in the deepest layer: 6 positions, 9 channels.
  ['umamba-enc', { features: '<5, 3, 7, 9>', size: '<24, 16>', in_channels: '3', classes: '5' }],
  [
    'segresnet',
    {
      init_filters: '16',
      blocks_down: '<2, 0, 1>',
      blocks_up: '<0, 3>',
      size: '<12, 28>',
      in_channels: '7',
      classes: '3',
    },
  ],
  ['segresnet', { init_filters: '8', blocks_down: '<1>', blocks_up: '<>', size: '<7, 5>', classes: '2' }],
];

describe.each(configurations)('%s %o', (spec, set) => {
  test('the gradients on webgpu equal those of the float64 reference', async () => {
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const folder = mkdtempSync(join(tmpdir(), 'archc-odd-'));
    try {
      const file = (name: string) => join(folder, `${name}.safetensors`);
      const { parameters, inputs } = openModel(spec, { set });
      const weights = parameters.map((p) => {
        // A norm that starts at 0 would hide the gradients of what lies behind it.
        const off = Random.stream(1, 'off zero', p.name);
        const data = initialise(p, 1).map((v) => v || off.normal(0, 0.1));
        return [p.name, { dtype: 'F32', shape: p.shape, data }] as const;
      });
      writeSafetensors(file('w'), weights);
      const [, , height, width] = inputs[0].shape;
      const random = Random.stream(1, 'odd');
      const draw = (shape: readonly number[], value: () => number) =>
        Float32Array.from({ length: elementCount(shape) }, value);
      const x = draw(inputs[0].shape, () => random.normal(0, 1));
      const target = Int32Array.from(
        draw([height, width], () => Math.floor(random.uniform(0, Number(set['classes'])))),
      );
      writeSafetensors(file('i'), [
        ['x', { dtype: 'F32', shape: inputs[0].shape, data: x }],
        ['target', { dtype: 'I32', shape: [1, height, width], data: target }],
      ]);
      const values = Object.entries(set).flatMap(([k, v]) => ['--set', `${k}=${v}`]);
      const grad = async (backend: string) => {
        const files = ['--weights', file('w'), '--input', file('i'), '--output', file(backend)];
        expect(await main(['grad', spec, ...values, '--backend', backend, ...files, '--json'])).toBe(0);
        return readSafetensors(file(backend)).tensors;
      };
      const [actual, expected] = [await grad('webgpu'), await grad('reference')];
      const most = Math.max(...[...expected.values()].map(largest));
      for (const [name, tensor] of expected) {
        const { used } = deviation(name, actual.get(name), tensor, 1e-4 * largest(tensor) + 1e-5 * most);
        expect(used, name).toBeLessThanOrEqual(1);
      }
      expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
    } finally {
      vi.restoreAllMocks();
      rmSync(folder, { recursive: true });
    }
  });
});
