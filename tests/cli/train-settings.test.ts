import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { acquireDevice } from '../../src/adapter/acquire.ts';
import { webgpuBackend } from '../../src/backend/webgpu.ts';
import { trainSection } from '../../src/compiler/model.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import { ops } from '../../src/ops/index.ts';
import { augmentations } from '../../src/recipe/augmentations.ts';
import { holdouts } from '../../src/recipe/holdouts.ts';
import { losses } from '../../src/recipe/losses.ts';
import { optimizers } from '../../src/recipe/optimizers.ts';
import { schedules } from '../../src/recipe/schedules.ts';
import type { Forms } from '../../src/recipe/setting.ts';
import { supervisions } from '../../src/recipe/supervision.ts';
import { trainSettings } from '../../src/recipe/train-settings.ts';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { toFloat32 } from '../../src/tensors/tensor.ts';
import { trainJob } from '../../src/training/job.ts';
import { temporaryFolder } from './archc.ts';
import { writeDataset } from './tiny.ts';

/*
 * A setting that nothing reads cannot exist: every setting of a train section, and every argument of every form, has a
 * pair of sections here that differ in it alone and must give different runs. One that is new in the language has none,
 * and fails.
 */

const folder = temporaryFolder();
const data = writeDataset(join(folder, 'data'));
// Two images of each of two patients.
for (const [from, to] of Object.entries({ a: 'p_1', b: 'p_2', c: 'q_1', d: 'q_2' })) {
  renameSync(join(data, `imagesTr/${from}_0000.png`), join(data, `imagesTr/${to}_0000.png`));
  renameSync(join(data, `labelsTr/${from}.png`), join(data, `labelsTr/${to}.png`));
}
writeFileSync(join(data, 'splits.json'), JSON.stringify([{ train: ['p_1', 'p_2', 'q_1'], val: ['q_2'] }]));
const backend = webgpuBackend(ops, kernelRenderer(), await acquireDevice());
afterAll(() => backend.destroy());

const base: Readonly<Record<string, string>> = {
  loss: 'cross_entropy',
  optimizer: 'sgd(lr: 1e-1)',
  batch: '2',
  steps: '4',
};

const MODEL = `import { Conv2d } from "archc/lib/nn.arch"

model Two() {
  input image: [B, 3, 16, 16]
  stem = Conv2d(3, 4, 3, padding: 1)
  head = Conv2d(4, 3, 1)
  side = Conv2d(4, 3, 1)
  forward {
    x = silu(stem(image))
    y = head(x)
    z = side(x)
  }
  output logits: [B, 3, 16, 16] = y
  output aux: [B, 3, 16, 16] = z
}
`;

/** Setting, two values of it, and what else is set in both. */
type Case = readonly [before: string | undefined, after: string, others?: Readonly<Record<string, string>>];

const ofSettings: Readonly<Record<string, Case>> = {
  loss: ['cross_entropy', '2 * cross_entropy'],
  supervise: [undefined, 'halving()'],
  optimizer: ['sgd(lr: 1e-1)', 'adam(lr: 1e-1)'],
  schedule: [undefined, 'cosine()'],
  batch: ['2', '3'],
  accumulate: [undefined, '2'],
  ema: [undefined, '0.5'],
  steps: ['4', '5'],
  validate: ['2', '3', { holdout: '0.25' }],
  validate_batches: [undefined, '1', { validate: '2', holdout: '0.5', batch: '1' }],
  holdout: [undefined, '["p_2"]'],
  // The scores of these steps go up and down.
  freeze: [undefined, '["stem.*"]'],
  freeze_steps: [undefined, '2', { freeze: '["stem.*"]' }],
  score_decay: [undefined, '0.9', { validate: '1', holdout: '0.25', steps: '12', optimizer: 'sgd(lr: 1)' }],
  patience: [undefined, '1', { validate: '1', holdout: '0.25', optimizer: 'sgd(lr: 0)' }],
  foreground: [undefined, '1'],
  augment: [undefined, 'flips'],
  inputs: [undefined, '[["B", "G", "R"]]'],
  seed: ['0', '1'],
};

/** By form: of each argument two texts of the whole setting. */
type FormCases = Readonly<Record<string, Readonly<Record<string, readonly [string, string]>>>>;

const adam = (kind: string): Record<string, [string, string]> => ({
  lr: [`${kind}(lr: 1e-2)`, `${kind}(lr: 2e-2)`],
  weight_decay: [`${kind}(lr: 1e-2, weight_decay: 0)`, `${kind}(lr: 1e-2, weight_decay: 0.5)`],
  betas: [`${kind}(lr: 1e-2)`, `${kind}(lr: 1e-2, betas: <0.5, 0.6>)`],
  eps: [`${kind}(lr: 1e-2)`, `${kind}(lr: 1e-2, eps: 1e-1)`],
  // Adam hardly sees the size of gradients, but sees how it changes.
  clip: [`${kind}(lr: 1e-2, eps: 1e-3)`, `${kind}(lr: 1e-2, eps: 1e-3, clip: 1e-2)`],
});

const factor = (kind: string): Record<string, [string, string]> => ({
  range: [`${kind}(0.1, probability: 1)`, `${kind}(0.9, probability: 1)`],
  probability: [`${kind}(0.5, probability: 0)`, `${kind}(0.5, probability: 1)`],
  channels: [`${kind}(0.5, probability: 1, channels: 0)`, `${kind}(0.5, probability: 1, channels: 1)`],
});

/** Of all samples; each argument with its first and its second value, and `probability`. */
function augmentation<A extends Readonly<Record<string, number>>>(
  kind: string,
  first: A,
  second: A,
): Record<string, [string, string]> {
  const text = (args: Readonly<Record<string, number>>) => {
    const given = Object.entries({ ...first, probability: 1, ...args });
    return `${kind}(${given.map(([name, value]) => `${name}: ${value}`).join(', ')})`;
  };
  const pairs = Object.entries(second).map(([name, value]): [string, [string, string]] => [
    name,
    [text({}), text({ [name]: value })],
  ]);
  return { ...Object.fromEntries(pairs), probability: [text({ probability: 0 }), text({})] };
}

const ofForms: Readonly<Record<string, { readonly forms: Forms; readonly cases: FormCases }>> = {
  loss: {
    forms: losses,
    cases: {
      dice: {
        batch: ['dice()', 'dice(batch: true)'],
        background: ['dice()', 'dice(background: true)'],
        smooth: ['dice()', 'dice(smooth: 10)'],
      },
      cross_entropy: {
        weights: ['cross_entropy', 'cross_entropy(weights: <1, 2, 3>)'],
        label_smoothing: ['cross_entropy', 'cross_entropy(label_smoothing: 0.1)'],
      },
      focal: {
        gamma: ['focal()', 'focal(gamma: 1)'],
        alpha: ['focal()', 'focal(alpha: <1, 2, 3>)'],
      },
      tversky: {
        alpha: ['tversky()', 'tversky(alpha: 0.3)'],
        beta: ['tversky()', 'tversky(beta: 0.7)'],
        batch: ['tversky()', 'tversky(batch: true)'],
        background: ['tversky()', 'tversky(background: true)'],
        smooth: ['tversky()', 'tversky(smooth: 10)'],
      },
    },
  },
  supervise: {
    forms: supervisions,
    cases: {
      halving: { last: ['halving()', 'halving(last: 0)'] },
      weights: { values: ['weights(<1, 1>)', 'weights(<3, 1>)'] },
    },
  },
  optimizer: {
    forms: optimizers,
    cases: {
      adamw: adam('adamw'),
      adam: adam('adam'),
      sgd: {
        lr: ['sgd(lr: 1e-1)', 'sgd(lr: 2e-1)'],
        momentum: ['sgd(lr: 1e-1)', 'sgd(lr: 1e-1, momentum: 0.9)'],
        nesterov: ['sgd(lr: 1e-1, momentum: 0.9)', 'sgd(lr: 1e-1, momentum: 0.9, nesterov: true)'],
        weight_decay: ['sgd(lr: 1e-1)', 'sgd(lr: 1e-1, weight_decay: 0.5)'],
        clip: ['sgd(lr: 1e-1)', 'sgd(lr: 1e-1, clip: 1e-2)'],
      },
    },
  },
  schedule: {
    forms: schedules,
    cases: {
      cosine: { to: ['cosine()', 'cosine(to: 5e-2)'], warmup: ['cosine()', 'cosine(warmup: 2)'] },
      poly: { power: ['poly()', 'poly(power: 2)'], warmup: ['poly()', 'poly(warmup: 2)'] },
    },
  },
  holdout: {
    forms: holdouts,
    cases: {
      fold: {
        index: ['fold(0, of: 2)', 'fold(1, of: 2)'],
        of: ['fold(1, of: 2)', 'fold(1, of: 3)'],
        group: ['fold(0, of: 2)', 'fold(0, of: 2, group: "*_{i}")'],
        from: ['fold(0, of: 2)', 'fold(0, of: 2, from: "splits.json")'],
      },
    },
  },
  augment: {
    forms: augmentations,
    cases: {
      brightness: factor('brightness'),
      contrast: factor('contrast'),
      rotation: augmentation('rotation', { degrees: 10 }, { degrees: 90 }),
      scaling: augmentation('scaling', { low: 1, high: 1.2 }, { low: 0.5, high: 2 }),
      gaussian_noise: augmentation('gaussian_noise', { deviation: 0.1 }, { deviation: 1 }),
      gaussian_blur: augmentation(
        'gaussian_blur',
        { low: 0.5, high: 1, channels: 1 },
        { low: 1, high: 2, channels: 0 },
      ),
      low_resolution: augmentation('low_resolution', { zoom: 0.5, channels: 1 }, { zoom: 0.1, channels: 0 }),
      inverted_gamma: augmentation('inverted_gamma', { low: 0.5, high: 2 }, { low: 0.2, high: 5 }),
      gamma: augmentation('gamma', { low: 0.5, high: 2 }, { low: 0.2, high: 5 }),
    },
  },
};

/** The forms that a setting may take, apart from their arguments: each gives another run than the first. */
const plainForms: Readonly<Record<string, readonly string[]>> = {
  loss: ['cross_entropy', 'dice()', 'focal()', 'tversky()'],
  schedule: ['constant', 'cosine()', 'poly()'],
  optimizer: ['adamw(lr: 1e-2)', 'adam(lr: 1e-2, weight_decay: 0.01)', 'sgd(lr: 1e-2)'],
  supervise: ['halving()', 'weights(<3, 1>)'],
  holdout: ['fold(0, of: 2)'],
  augment: [
    'flips',
    'rotations90',
    ...Object.entries(augmentations).flatMap(([kind, { args }]) =>
      'probability' in args ? [`${kind}(${'range' in args ? '0.5, ' : ''}probability: 1)`] : [],
    ),
  ],
};

/** What data sets cannot train, as their labels are class ids: losses of regions (losses.test.ts). */
const ofRegions: readonly string[] = ['binary_cross_entropy', 'sigmoid'];
const trained = (names: object) => Object.keys(names).filter((name) => !ofRegions.includes(name));

const known = new Map<string, unknown>();
let runs = 0;

/** What a run came to: its weights, steps and validations. */
async function resultOf(given: Readonly<Record<string, string | undefined>>): Promise<unknown> {
  const lines = Object.entries({ ...base, ...given }).flatMap(([key, value]) =>
    value === undefined ? [] : [`  ${key} = ${value}`],
  );
  const text = `${MODEL}\ntrain T for Two {\n${lines.join('\n')}\n}\n`;
  const before = known.get(text);
  if (before) return before;
  const output = join(folder, `run-${runs++}`);
  const spec = `${output}.arch`;
  writeFileSync(spec, text);
  const section = trainSection(openModel(spec, { training: true }));
  const open = (training: boolean) => openModel(spec, { batch: section.batch, training });
  const nothing = () => {};
  const report = await trainJob({
    ...{ model: open(true), predictor: open(false), section, data, backend, ops },
    place: { name: 'run', output, resume: false },
    choices: { pretrained: false },
    ...{ checkpointEvery: 100, test: false },
    ...{ remark: nothing, onCompiled: nothing, onStep: nothing, onValidation: nothing },
    ...{ onPlanned: nothing, onCase: nothing, onPretrained: nothing },
  });
  const { tensors } = readSafetensors(join(output, 'weights.safetensors'));
  const result = {
    steps: report.steps,
    best: report.validation?.best?.step,
    validations: report.validation?.validations ?? [],
    weights: [...tensors].map(([name, tensor]) => [name, [...toFloat32(tensor)]]),
  };
  known.set(text, result);
  return result;
}

test('every setting has a case, and none that does not exist', () => {
  expect(Object.keys(ofSettings).sort()).toEqual(Object.keys(trainSettings).sort());
});

test.each(Object.entries(ofSettings))('%s changes the run', async (key, [before, after, others]) => {
  expect(await resultOf({ ...others, [key]: after })).not.toEqual(
    await resultOf({ ...others, [key]: before }),
  );
});

test('the same section gives the same run', async () => {
  const once = await resultOf({});
  known.clear();
  expect(await resultOf({})).toEqual(once);
});

describe.each(Object.entries(ofForms))('%s', (key, { forms, cases }) => {
  test('every form and argument has a case', () => {
    const names = (plainForms[key] ?? []).map((text) => text.replace(/\(.*/, ''));
    expect(names.sort()).toEqual(trained(forms).sort());
    for (const [form, { args }] of Object.entries(forms))
      expect(Object.keys(cases[form] ?? {}).sort(), form).toEqual(trained(args).sort());
  });

  test('each form gives another run', async () => {
    const results = [];
    for (const text of plainForms[key]) results.push(JSON.stringify(await resultOf({ [key]: text })));
    expect(new Set(results).size).toBe(results.length);
  });

  const all = Object.entries(cases).flatMap(([form, args]) =>
    Object.entries(args).map(([name, [before, after]]) => ({ name: `${form}.${name}`, before, after })),
  );
  test.each(all)('$name changes the run', async ({ before, after }) => {
    expect(await resultOf({ [key]: after })).not.toEqual(await resultOf({ [key]: before }));
  });
});
