import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { plannedSpec } from '../../src/cli/planned-spec.ts';
import { modelCost } from '../../src/compiler/cost.ts';
import { type Plan, planFor } from '../../src/data/planning/plan.ts';
import { DEFAULT_MEMORY } from '../../src/data/planning/plan-2d.ts';
import { openModel, openSpec } from '../../src/files/open.ts';
import type { ElaboratedModel } from '../../src/language/model.ts';
import { fitsAny } from '../../src/language/name-patterns.ts';
import { ops } from '../../src/ops/index.ts';
import { temporaryFolder } from '../cli/archc.ts';
import type { FixtureInfo } from '../parity/fixture.ts';
import { datasetJsonOf, networks, rowsOf, specOf, type Task, tasks } from './examples.ts';

/** What docs/comparison.md says of the tasks. */
const expected = {
  'abdomen-mri': { suffix: 'MRI', patch: [320, 320], foreground: 13, batch: 30, stages: 7, epochs: 100 },
  endoscopy: { suffix: 'Endoscopy', patch: [384, 640], foreground: 7, batch: 13, stages: 7, epochs: 250 },
  microscopy: { suffix: 'Microscopy', patch: [512, 512], foreground: 2, batch: 12, stages: 8, epochs: 350 },
} as const;
/** Of the reference implementations' figures. */
const reference: Partial<Record<Task, string>> = { 'abdomen-mri': 'mri', microscopy: 'microscopy' };
const SGD_EPOCHS = 1000;
/** Made up, like all figures of intensity here: patch, batch and stages do not depend on them. */
const percentiles = { percentile_00_5: 1, percentile_99_5: 250 };
const folder = temporaryFolder();

/** nnU-Net's plan for a data set like that of the README, whose slices are as large as the patch. */
function planOf(task: Task): Plan {
  const { name, channel_names, labels, numTraining } = datasetJsonOf(task);
  const { patch } = expected[task];
  const channels = Object.values(channel_names);
  const figures = { ...percentiles, max: 255, mean: 100, median: 90, min: 0, std: 50 };
  const depth = task === 'abdomen-mri' ? 72 : 1;
  const cases = Array.from({ length: numTraining }, (_, i) => String(i));
  const found = {
    shapes_after_crop: cases.map(() => [depth, ...patch] as const),
    spacings: cases.map(() => [depth > 1 ? 3 : 999, 1, 1] as const),
    relative_size_after_cropping: 1,
    intensity: Object.fromEntries(channels.map((_, c) => [String(c), figures])),
  };
  const classes = Object.entries(labels).map(([label, value]) => ({ name: label, value }));
  const training = cases.map((id) => ({ id, images: [] }));
  return planFor({ name, channels, classes, training }, found, '', DEFAULT_MEMORY);
}

/** What `archc data plan --spec` makes of the network for that plan. */
function plannedModel(network: string, plan: Plan): ElaboratedModel {
  const path = join(folder, `${plan.name}-${network}.arch`);
  writeFileSync(path, plannedSpec(network, plan).text);
  return openModel(path);
}

describe.each(tasks)('%s', (task) => {
  const spec = specOf(task);
  const { suffix, patch, foreground, batch, stages, epochs } = expected[task];
  const { channel_names, labels } = datasetJsonOf(task);
  const channels = Object.keys(channel_names).length;
  const plan = planOf(task);

  test('it has a model for each network', () => {
    const { loaded } = openSpec(spec);
    expect(loaded.diagnostics).toEqual([]);
    const declared = [...readFileSync(spec, 'utf8').matchAll(/^model (\w+) extends (\w+)/gm)];
    expect(declared.map(([, model, base]) => [model, base])).toEqual(
      Object.keys(networks).map((base) => [`${base}_${suffix}`, base]),
    );
  });

  test('classes, patch, batch and stages are those of the comparison', () => {
    expect(Object.keys(labels)).toHaveLength(foreground + 1);
    expect(labels['background']).toBe(0);
    const { patch_size, batch_size, n_stages } = plan.plan_2d;
    expect([patch_size, batch_size, n_stages]).toEqual([patch, batch, stages]);
  });

  describe.each(Object.entries(networks))('%s', (base, network) => {
    const model = openModel(`${spec}:${base}_${suffix}`);
    const planned = plannedModel(network, plan);

    test('it takes the data of the README, and gives its classes', () => {
      expect(model.inputs.map(({ shape }) => shape.slice(1))).toEqual([[channels, ...patch]]);
      for (const { dims } of model.outputs) expect(dims[1].size).toBe(foreground + 1);
      if ('features' in model.config) expect(model.config['features']).toHaveLength(stages);
    });

    test('its parameters are those of the plan, and the rest the shipped defaults', () => {
      const windows = base === 'NNFormer' ? { windows: model.config['windows'] } : {};
      expect(model.config).toEqual({ ...planned.config, ...windows });
    });

    test('its recipe is that of the shipped spec, with all of nnU-Net', () => {
      const sgd = ['NNUNet', 'SegResNet', 'UMambaBot', 'UMambaEnc'].includes(base);
      const [first, ...more] = model.train;
      const recipe = {
        ...planned.train[0],
        ...{ name: first.name, model: first.model, holdout: first.holdout, span: first.span },
        steps: (sgd ? SGD_EPOCHS : epochs) * 250,
      };
      expect(first.holdout).toMatchObject({ kind: 'fold', index: 0 });
      if (!base.startsWith('SwinUMamba')) {
        expect(model.train).toEqual([recipe]);
        return;
      }
      const frozen = ['vssm_encoder.layers.*', 'vssm_encoder.downsamples.*'];
      expect(first).toEqual({ ...recipe, freeze: frozen, freeze_steps: 2500 });
      const trained = model.parameters.map(({ name }) => name).filter((name) => !fitsAny(name, frozen));
      expect(trained.some((name) => /^vssm_encoder\.(?!patch_embed\.)/.test(name))).toBe(false);
      expect(trained).toContain('vssm_encoder.patch_embed.proj.weight');
      expect(more).toEqual([{ ...recipe, name: 'Scratch', span: more[0].span }]);
      expect(model.pretrained.map(({ name }) => name)).toEqual(['VMambaTiny']);
    });

    const kind = reference[task];
    if (kind === undefined) return;
    test('it has the parameters of the reference implementation', () => {
      const file = `tests/fixtures/reference/${network}-${kind}.json`;
      const { config, params } = JSON.parse(readFileSync(file, 'utf8')) as FixtureInfo;
      expect(model.config).toMatchObject(config);
      expect(modelCost(model, ops).params).toBe(params);
    });
  });

  test('windows of nnFormer divide its maps', () => {
    const { config } = openModel(`${spec}:NNFormer_${suffix}`);
    for (const [s, window] of (config['windows'] as readonly number[]).entries())
      for (const edge of patch) expect((edge / (4 * 2 ** s)) % window).toBe(0);
  });

  test('the README has a row for each network, and two without pretrained weights', () => {
    const rows = rowsOf(task);
    const scratch = rows.filter(({ options }) => options.includes('Scratch'));
    const pretrained = rows.filter(({ options }) => options.includes('--pretrained'));
    const swin = ['SwinUMambaD', 'SwinUMamba'].map((base) => `${base}_${suffix}`);
    expect(scratch.map(({ model }) => model)).toEqual(swin);
    expect(pretrained.map(({ model }) => model)).toEqual(swin);
    expect(rows.filter((row) => !scratch.includes(row)).map(({ model }) => model)).toEqual(
      Object.keys(networks).map((base) => `${base}_${suffix}`),
    );
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  });
});
