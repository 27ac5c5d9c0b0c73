import { cpSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { PreprocessedDataset } from '../../src/data/cache/preprocessed-dataset.ts';
import { writeNiftiLabels } from '../../src/data/nifti.ts';
import type { Plan } from '../../src/data/planning/plan.ts';
import { expectedPlans, nnunet } from '../../src/data/planning/testing.ts';
import { archc, expectError, json, temporaryFolder, tree } from './archc.ts';
import { writeDataset, writeTinyPlan } from './tiny.ts';

const NAME = 'Dataset900_Anisotropic';
const DATA = `${nnunet}/${NAME}`;
const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const planPath = inFolder('plan.json');
const readPlan = (path = planPath) => JSON.parse(readFileSync(path, 'utf8')) as Plan;

beforeAll(async () => {
  const { code, stdout, stderr } = await archc(
    'data',
    'plan',
    DATA,
    '--output',
    planPath,
    '--spec',
    'nnunet',
  );
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^Dataset900_Anisotropic: 8 cases, 1 channel\(s\), 3 classes$/m);
  expect(stdout).toMatch(/^patch: 56×40, batch: 12, for 8 GB$/m);
  expect(stdout).toContain(`spec → ${inFolder('plan.arch')}`);
});

test('the plan that is written has the figures of nnU-Net v2', () => {
  expect(readPlan()).toMatchObject(expectedPlans[NAME]);
});

test('--json prints the plan, and a spec that can be checked goes to stdout alone', async () => {
  const printed = json(
    await archc('data', 'plan', DATA, '--spec', 'segresnet', '--memory', '16GB', '--json'),
  );
  expect(printed).toMatchObject({ ...readPlan(), memory: 16e9 });
  expect(printed['spec_remarks']).toEqual([
    expect.stringMatching(/^segresnet has no parameter for the plan's features/),
  ]);
  expect(printed['spec']).toMatch(/^import \{ SegResNet \} from "archc\/segresnet\.arch"\n/);
  const piped = await archc('data', 'plan', DATA, '--spec', 'nnunet');
  expect(piped.stdout).toBe(readFileSync(inFolder('plan.arch'), 'utf8'));
  expect(piped.stderr).toContain('patch: 56×40');
});

test('networks that cannot be planned for are refused before anything is read', async () => {
  const spec = (name: string) => archc('data', 'plan', inFolder('nowhere'), '--spec', name);
  expectError(await spec('vmamba'), 'plan-unsupported', /vmamba is a classifier/, /nnunet/);
  expectError(await spec('unet'), 'file-not-found', /no shipped network unet/, /nnunet/);
  expectError(await archc('data', 'plan', inFolder('nowhere')), 'file-not-found', /dataset\.json/);
});

const preprocess = (data: string, cache: string, ...more: string[]) =>
  archc('data', 'preprocess', data, '--output', inFolder(cache), ...more, '--json');

test('what is preprocessed is kept, also of a run that was interrupted, and what changed is made again', async () => {
  const data = inFolder('data');
  cpSync(DATA, data, { recursive: true });
  const ids = readPlan().shapes_after_crop.map((_, i) => `case${i}`);
  const first = json(await preprocess(data, 'cache', '--plan', planPath));
  expect(first).toMatchObject({ written: ids, renewed: [], kept: [], removed: [], remarks: [] });
  const files = tree(inFolder('cache'));
  expect(files).toEqual(['cache.json', 'cases/', ...ids.map((id) => `cases/${id}.safetensors`), 'plan.json']);
  const bytes = (id: string) => readFileSync(inFolder(`cache/cases/${id}.safetensors`));
  const before = ids.map(bytes);

  // Twice: nothing is written, and no plan is asked for.
  const times = ids.map((id) => statSync(inFolder(`cache/cases/${id}.safetensors`)).mtimeMs);
  expect(json(await preprocess(data, 'cache'))).toMatchObject({ written: [], renewed: [], kept: ids });
  expect(ids.map((id) => statSync(inFolder(`cache/cases/${id}.safetensors`)).mtimeMs)).toEqual(times);

  // Interrupted: no index yet, a case is missing, another was written by halves, a temporary file is left.
  rmSync(inFolder('cache/cache.json'));
  rmSync(inFolder('cache/cases/case3.safetensors'));
  truncateSync(inFolder('cache/cases/case5.safetensors'), 1000);
  writeFileSync(inFolder('cache/cases/.archc-999999999-0.tmp'), 'half');
  expect(() => new PreprocessedDataset(inFolder('cache'))).toThrow('interrupted');
  expect(json(await preprocess(data, 'cache'))).toMatchObject({ written: ['case3'], renewed: ['case5'] });
  expect(tree(inFolder('cache'))).toEqual(files);
  expect(ids.map(bytes)).toEqual(before);

  // An image and a label that changed, and a case that is gone.
  cpSync(join(data, 'imagesTr/case0_0000.nii.gz'), join(data, 'imagesTr/case1_0000.nii.gz'));
  cpSync(join(data, 'labelsTr/case0.nii.gz'), join(data, 'labelsTr/case1.nii.gz'));
  const label = join(data, 'labelsTr/case2.nii.gz');
  writeNiftiLabels(label, new Int32Array(38 * 55 * 41).fill(1), label);
  rmSync(join(data, 'imagesTr/case7_0000.nii.gz'));
  rmSync(join(data, 'labelsTr/case7.nii.gz'));
  const info = readFileSync(join(data, 'dataset.json'), 'utf8');
  writeFileSync(join(data, 'dataset.json'), info.replace('"numTraining": 8', '"numTraining": 7'));
  const after = await archc('data', 'preprocess', data, '--output', inFolder('cache'));
  expect(after.stdout).toBe(
    `7 cases: 0 preprocessed, 2 changed and preprocessed again (case1, case2), 5 there already, 1 removed, no longer in the data set (case7) → ${inFolder('cache')}\n`,
  );
  expect(after.stderr).toContain('plan: it was made of other images or labels than these');
  expect(new PreprocessedDataset(inFolder('cache')).cases.map(({ id }) => id)).toEqual(ids.slice(0, 7));
});

test('a plan that does not belong to data or folder is refused', async () => {
  const data = writeDataset(inFolder('rgb'));
  expectError(
    await archc('data', 'preprocess', data, '--output', inFolder('rgb-cache'), '--plan', planPath),
    'plan-mismatch',
    /the plan is for the channels MRI; .* has R, G, B/,
  );
  const plan = writeTinyPlan(inFolder('rgb.json'), data);
  expect((await preprocess(data, 'rgb-cache', '--plan', plan)).code).toBe(0);
  // Another batch is nothing to preprocessing; another spacing is.
  const other = readPlan(plan);
  writeFileSync(plan, JSON.stringify({ ...other, plan_2d: { ...other.plan_2d, batch_size: 3 } }));
  expect(json(await preprocess(data, 'rgb-cache', '--plan', plan))).toMatchObject({
    written: [],
    renewed: [],
  });
  writeFileSync(plan, JSON.stringify({ ...other, plan_2d: { ...other.plan_2d, spacing: [2, 2] } }));
  expectError(
    await archc('data', 'preprocess', data, '--output', inFolder('rgb-cache'), '--plan', plan),
    'cache-mismatch',
    /another plan/,
  );
});

test.each([
  ['no JSON', '{', /is not JSON/],
  ['another file', '[]', /is not a JSON object/],
  ['another version', '{"version": 2}', /has version 2/],
  [
    'a figure that is gone',
    (p: Plan) => ({ ...p, transpose_forward: [0, 1, 1] }),
    /transpose_forward \[0,1,1\]/,
  ],
  [
    'no spacing',
    (p: Plan) => ({ ...p, plan_2d: { ...p.plan_2d, spacing: [0, 1] } }),
    /plan_2d\.spacing \[0,1\]/,
  ],
  ['a scheme', (p: Plan) => ({ ...p, normalisation: [{ kind: 'ct', low: 0 }] }), /has normalisation/],
  [
    'a region of values that no class has',
    (p: Plan) => ({ ...p, regions: [{ name: 'all', values: [1, 9], painted: 1 }] }),
    /classes, regions or a value to ignore that do not belong together/,
  ],
  ['too few', (p: Plan) => ({ ...p, normalisation: [] }), /1 channels, but 0 normalisations/],
] as const)('a damaged plan is refused: %s', async (_, change, message) => {
  const path = inFolder('damaged.json');
  writeFileSync(path, typeof change === 'string' ? change : JSON.stringify(change(readPlan())));
  const result = await archc('data', 'preprocess', DATA, '--output', inFolder('none'), '--plan', path);
  expectError(result, 'bad-plan', message, /archc data plan/);
});
