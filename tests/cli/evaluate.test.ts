import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readLabels } from '../../src/data/image.ts';
import { writeNiftiLabels } from '../../src/data/nifti.ts';
import { writeLabelMap } from '../../src/data/png.ts';
import reference from '../fixtures/metrics/expected.json' with { type: 'json' };
import { archc, expectError, json, temporaryFolder } from './archc.ts';

const fixtures = 'tests/fixtures/metrics';
const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);

/** The fixtures as folders of truth, predictions and instances under one name a case. */
const endings = { images: '.png', volumes: '.nii.gz' } as const;
for (const kind of ['images', 'volumes'] as const) {
  for (const { name } of reference[kind]) {
    for (const [part, from] of [
      ['truth', 'gt'],
      ['predictions', 'pred'],
      ['instances', 'instances'],
    ]) {
      const source = `${fixtures}/${name}_${from}${endings[kind]}`;
      if (existsSync(source)) cpSync(source, inFolder(`${kind}/${part}/${name}${endings[kind]}`));
    }
  }
}
cpSync(inFolder('images/predictions'), inFolder('images/empty'), { recursive: true });
cpSync(`${fixtures}/fluo037_empty.png`, inFolder('images/empty/fluo037.png'));

const evaluate = (kind: string, ...more: string[]) =>
  archc(
    'evaluate',
    '--predictions',
    inFolder(`${kind}/predictions`),
    '--truth',
    inFolder(`${kind}/truth`),
    ...more,
  );

type Scores = Record<string, number | null>;
interface Image extends Record<'dsc' | 'nsd' | 'hd95' | 'f1', Scores> {
  readonly id: string;
  readonly instances: Record<string, Record<string, number>>;
}

/** The reference evaluation is to be met to 1e-6. */
const near = (value: number) => expect.closeTo(value, 6);

test('DSC, NSD and F1 of images are those of the reference evaluation', async () => {
  const result = await evaluate(
    ...(['images', '--metrics', 'dsc,nsd,f1', '--tolerance', '2', '--json'] as const),
    ...['--instances', inFolder('images/instances')],
  );
  expect(result.code, result.stderr).toBe(0);
  const { images, f1 } = json(result) as { images: Image[]; f1: Scores };
  expect(images).toHaveLength(5);
  for (const { name, labels } of reference.images) {
    const image = images.find(({ id }) => id === name)!;
    for (const label of ['1', '2'] as const) {
      expect(image.dsc[`class ${label}`]).toEqual(near(labels[label].dsc));
      expect(image.nsd[`class ${label}`]).toEqual(near(labels[label].nsd));
    }
    const cells = reference.cells.find((entry) => entry.name === name)!;
    const { tp, fp, fn, true_num, pred_num } = cells;
    expect(image.instances['class 1']).toMatchObject({ tp, fp, fn, truth: true_num, predicted: pred_num });
    expect(image.f1).toEqual({ 'class 1': near(cells.f1) });
  }
  const listed = reference.cells.slice(0, 5).map((cells) => cells.f1);
  expect(f1).toEqual({ 'class 1': near(listed.reduce((a, b) => a + b, 0) / 5) });
});

test('DSC and NSD of volumes are those of the reference evaluation', async () => {
  for (const tolerance of new Set(reference.volumes.map((volume) => volume.tolerance))) {
    const result = await evaluate(
      'volumes',
      '--metrics',
      'dsc,nsd',
      '--tolerance',
      String(tolerance),
      '--json',
    );
    const { images, tolerance: used } = json(result) as { images: Image[]; tolerance: Scores };
    expect(used).toEqual({ 'class 1': tolerance, 'class 2': tolerance });
    for (const { name, labels, tolerance: own } of reference.volumes) {
      if (own !== tolerance) continue;
      const image = images.find(({ id }) => id === name)!;
      for (const label of ['1', '2'] as const) {
        expect(image.dsc[`class ${label}`]).toEqual(near(labels[label].dsc));
        expect(image.nsd[`class ${label}`]).toEqual(near(labels[label].nsd));
      }
    }
  }
});

test('tables, CSV and Markdown say the same; what is not defined is said', async () => {
  const files = ['--csv', inFolder('out/scores.csv'), '--markdown', inFolder('out/scores.md')];
  const args = ['--metrics', 'hd95,nsd', '--tolerance', 'class 1=2,class 2=3'];
  const text = await evaluate('volumes', ...args, ...files);
  expect(text.code, text.stderr).toBe(0);
  const { images, summary } = json(await evaluate('volumes', ...args, '--json')) as {
    images: Image[];
    summary: Record<string, Record<string, { mean: number; deviation: number; n: number }>>;
  };
  // Label 1 is in the truth of hippocampus_197 and not in its prediction.
  const { nsd, hd95 } = images.find(({ id }) => id === 'hippocampus_197')!;
  expect([nsd['class 1'], hd95['class 1']]).toEqual([0, null]);
  expect(summary['hd95']['class 1'].n).toBe(4);
  expect(text.stdout).toMatch(/hippocampus_197 *│ +– │ +15\.26 │/);
  expect(text.stdout).toMatch(/–: not defined, since truth or prediction lacks the label/);
  const csv = readFileSync(inFolder('out/scores.csv'), 'utf8').split('\r\n');
  expect(csv[0]).toBe('predictions,row,case,label,nsd,hd95');
  const predictions = inFolder('volumes/predictions');
  expect(csv).toContain(`${predictions},case,hippocampus_197,class 1,0,`);
  const { mean, n } = summary['hd95']['class 2'];
  expect(csv).toContain(`${predictions},mean,,class 2,${summary['nsd']['class 2'].mean},${mean}`);
  expect(csv).toContain(`${predictions},n,,class 2,5,${n}`);
  const markdown = readFileSync(inFolder('out/scores.md'), 'utf8');
  expect(markdown).toContain('- tolerance of NSD (mm): class 1 2, class 2 3\n');
  expect(markdown).toContain(`${mean.toFixed(2)} ± ${summary['hd95']['class 2'].deviation.toFixed(2)} |`);
});

test('label maps of interior and boundary become the instances again that they were made of', async () => {
  const data = 'examples/nuclei/Dataset703_Nuclei';
  const [truth, instances] = [`${data}/labelsTs`, `${data}/instancesTs`];
  const args = ['--predictions', truth, '--truth', truth, '--data', data, '--metrics', 'f1', '--json'];
  const mean = async (...more: string[]) => {
    const found = json(await archc('evaluate', ...args, ...more)) as { mean: { f1: number } };
    return found.mean.f1;
  };
  const interior = await mean('--instances', instances);
  const whole = await mean('--instances', instances, '--instance-boundary', 'boundary');
  // Small nuclei are hardly more than their boundary. What stays lost have no interior at all, or touch without one.
  expect(interior).toBeLessThan(0.7);
  expect(whole).toBeGreaterThan(0.96);
  // Without maps of their own the instances of the truth grow, too.
  expect(await mean('--instance-boundary', 'boundary')).toBe(1);
});

test('two predictions are compared case by case', async () => {
  const args = ['--metrics', 'dsc,f1', '--instances', inFolder('images/instances')];
  const compare = ['--compare', inFolder('images/empty')];
  const found = json(await evaluate('images', ...args, ...compare, '--json')) as {
    images: Image[];
    compared: { images: Image[] };
    comparison: Record<string, unknown>[];
  };
  // They differ in one image, in which the second finds nothing.
  const empty = found.compared.images.find(({ id }) => id === 'fluo037')!;
  const nothing = reference.cells.find(({ name }) => name === 'fluo037 empty')!;
  expect(empty.f1['class 1']).toBe(nothing.f1);
  const { tp, fp, fn } = nothing;
  expect(empty.instances['class 1']).toMatchObject({ tp, fp, fn });
  const cells = reference.cells.find(({ name }) => name === 'fluo037')!;
  expect(found.comparison.map(({ metric, label }) => `${metric} ${label}`)).toEqual([
    ...['dsc class 1', 'dsc class 2', 'dsc all foreground', 'f1 class 1'],
  ]);
  expect(found.comparison[3]).toMatchObject({
    pairs: 5,
    difference: near(cells.f1 / 5),
    wilcoxon: { n: 1, p: 1, method: 'exact' },
  });
  const text = await evaluate('images', ...args, ...compare, '--markdown', inFolder('out/compared.md'));
  expect(text.stdout).toMatch(/│ F1, class 1 +│ +5 │ +0\.5517 │ +0\.4183 │ +0\.1333 │/);
  expect(readFileSync(inFolder('out/compared.md'), 'utf8')).toContain(
    '| F1, class 1 | 5 | 0.5517 | 0.4183 | 0.1333 |',
  );
});

/** A data set of one volume with these labels, written as truth and with slices added as prediction. */
function organs(name: string, labels: readonly string[]): string[] {
  const like = `${fixtures}/hippocampus_177_gt.nii.gz`;
  const { data, shape } = readLabels(like);
  const [, height, width] = shape;
  // A block a label in slices 3 to 5; the prediction goes on to slice 7.
  const map = (last: number) => {
    const ids = new Int32Array(data.length);
    for (let z = 3; z <= last; z++) {
      for (const id of labels.keys()) {
        for (let y = 4; y < 8; y++) ids[(z * height + y) * width + 2 * id] = id + 1;
      }
    }
    return ids;
  };
  mkdirSync(inFolder(`${name}/data`), { recursive: true });
  for (const [part, last] of [
    ['truth', 5],
    ['predictions', 7],
  ] as const) {
    mkdirSync(inFolder(`${name}/${part}`), { recursive: true });
    writeNiftiLabels(inFolder(`${name}/${part}/a.nii.gz`), map(last), like);
  }
  const values = Object.fromEntries(['background', ...labels].map((label, value) => [label, value]));
  const info = { channel_names: { 0: 'MRI' }, labels: values, numTraining: 1, file_ending: '.nii.gz' };
  writeFileSync(inFolder(`${name}/data/dataset.json`), JSON.stringify(info));
  return ['--data', inFolder(`${name}/data`)];
}

const abdomen = [
  ...['liver', 'right kidney', 'spleen', 'pancreas', 'aorta', 'inferior vena cava', 'right adrenal gland'],
  ...['left adrenal gland', 'gallbladder', 'esophagus', 'stomach', 'duodenum', 'left kidney'],
];

describe('the preset abdomen-mri', () => {
  test('gives 13 organs their tolerances, and three of them the slices of the truth', async () => {
    const data = organs('abdomen', abdomen);
    const found = json(
      await evaluate('abdomen', ...data, '--metrics', 'dsc,nsd', '--tolerance', 'abdomen-mri', '--json'),
    ) as { dsc: Scores; nsd: Scores; tolerance: Scores; truth_slices: string[] };
    expect(Object.values(found.tolerance)).toEqual([5, 3, 3, 5, 2, 2, 2, 2, 2, 3, 5, 7, 3]);
    expect(found.truth_slices).toEqual(['aorta', 'inferior vena cava', 'esophagus']);
    // Of slices 2.5 mm apart three are right, and two more predicted: a tolerance of 2 mm reaches neither of these, 3 mm
    // the first, 5 mm both.
    const seen = new Map<number, number>();
    for (const label of abdomen) {
      const whole = found.truth_slices.includes(label);
      expect(found.dsc[label], label).toEqual(near(whole ? 1 : 6 / 8));
      if (whole) expect(found.nsd[label], label).toBe(1);
      else seen.set(found.tolerance[label]!, found.nsd[label]!);
    }
    expect([...seen.keys()].toSorted()).toEqual([2, 3, 5, 7]);
    expect(seen.get(2)).toBeLessThan(seen.get(3)!);
    expect(seen.get(3)).toBeLessThan(1);
    expect([seen.get(5), seen.get(7)]).toEqual([1, 1]);
  });

  test('is named in Markdown with its source', async () => {
    const args = [...organs('abdomen', abdomen), '--tolerance', 'abdomen-mri'];
    await evaluate('abdomen', ...args, '--markdown', inFolder('out/abdomen.md'));
    const text = readFileSync(inFolder('out/abdomen.md'), 'utf8');
    expect(text).toMatch(/^- abdomen-mri: the 13 organs of MICCAI FLARE 2022/m);
    expect(text).toMatch(
      /^- judged only on slices that the truth covers: aorta, inferior vena cava, esophagus$/m,
    );
  });

  test('its slices can be others', async () => {
    const args = [...organs('abdomen', abdomen), '--tolerance', 'abdomen-mri', '--json'];
    const none = json(await evaluate('abdomen', ...args, '--truth-slices', '')) as { dsc: Scores };
    expect(none.dsc['aorta']).toEqual(near(6 / 8));
    const liver = json(await evaluate('abdomen', ...args, '--truth-slices', 'Liver')) as { dsc: Scores };
    expect([liver.dsc['liver'], liver.dsc['aorta']]).toEqual([1, near(6 / 8)]);
  });

  test('labels that it does not know are listed', async () => {
    const args = [...organs('other', ['liver', 'lesion', 'cyst']), '--metrics', 'nsd'];
    expectError(
      await evaluate('other', ...args, '--tolerance', 'abdomen-mri'),
      'no-tolerance',
      /2 labels have no tolerance for NSD: lesion, cyst; abdomen-mri knows liver, right kidney/,
    );
    expect((await evaluate('other', ...args, '--tolerance', 'abdomen-mri,lesion=2,cyst=2')).code).toBe(0);
  });
});

describe('what is wrong is said', () => {
  const nsd = ['--metrics', 'nsd'];
  const bad: [string, string, string[], RegExp][] = [
    [
      'an unknown metric',
      'bad-value',
      ['--metrics', 'dsc,iou'],
      /'iou' is no metric; choose from dsc, nsd, hd95, f1/,
    ],
    ['no metric', 'bad-value', ['--metrics', ','], /is no metric/],
    ['no tolerance', 'no-tolerance', nsd, /class 1, class 2/],
    [
      'a tolerance for one label of two',
      'no-tolerance',
      [...nsd, '--tolerance', 'class 1=2'],
      /NSD: class 2/,
    ],
    ['a negative tolerance', 'bad-value', [...nsd, '--tolerance=-1'], /'-1' is no tolerance/],
    ['a tolerance that is a word', 'bad-value', [...nsd, '--tolerance', 'thorax'], /'thorax'.*abdomen-mri/],
    [
      'a tolerance without number',
      'bad-value',
      [...nsd, '--tolerance', 'class 1='],
      /'class 1=' is no tolerance/,
    ],
    [
      'a tolerance of no label',
      'unknown-label',
      [...nsd, '--tolerance', '2,liver=3'],
      /"liver"; the labels are class 1/,
    ],
    ['slices of no label', 'unknown-label', ['--truth-slices', 'aorta'], /"aorta"/],
    ['a tolerance without NSD', 'unused-option', ['--tolerance', '2'], /--metrics dsc,nsd/],
    [
      'instances without F1',
      'unused-option',
      ['--instances', inFolder('images/instances')],
      /--metrics dsc,f1/,
    ],
    [
      'a label of instances without them',
      'unused-option',
      ['--instance-label', 'class 1'],
      /--instances FOLDER/,
    ],
    ['a boundary without F1', 'unused-option', ['--instance-boundary', 'class 2'], /--metrics dsc,f1/],
    [
      'a second folder that is not there',
      'file-not-found',
      ['--compare', inFolder('none')],
      /none does not exist/,
    ],
    [
      'a second folder without a case',
      'missing-prediction',
      ['--compare', inFolder('volumes/predictions')],
      /fluo008\.png does not exist/,
    ],
    ['a CSV that cannot be written', 'cannot-write', ['--csv', folder], /is a folder/],
    ['a Markdown that cannot be written', 'cannot-write', ['--markdown', ''], /name is empty/],
  ];
  test.each(bad)('%s', async (_, code, args, message) => {
    expectError(await evaluate('images', ...args), code, message);
    expect(json(await evaluate('images', ...args, '--json'))).toMatchObject({ error: { code } });
  });

  test('volumes of other voxels or in another place, with both files', async () => {
    cpSync(inFolder('volumes'), inFolder('moved'), { recursive: true });
    const name = 'hippocampus_177.nii.gz';
    for (const [offset, message] of [
      [80, /177\.nii\.gz has voxels of 4×2\.5×2\.5, its truth .*177\.nii\.gz of 1×2\.5×2\.5/],
      [280 + 12, /177\.nii\.gz lies elsewhere in space than its truth .*177\.nii\.gz/],
    ] as const) {
      const bytes = gunzipSync(readFileSync(inFolder(`volumes/predictions/${name}`)));
      bytes.writeFloatLE(4, offset);
      writeFileSync(inFolder(`moved/predictions/${name}`), bytes);
      expectError(await evaluate('moved'), 'image-geometry', message);
    }
  });

  test('instances of another size, with both files', async () => {
    cpSync(inFolder('images'), inFolder('cut'), { recursive: true });
    writeLabelMap(inFolder('cut/instances/fluo019.png'), { width: 2, height: 3, data: new Int32Array(6) });
    expectError(
      await evaluate('cut', '--metrics', 'f1', '--instances', inFolder('cut/instances')),
      'image-size',
      /cut\/instances\/fluo019\.png is 2×3, but its truth .*cut\/truth\/fluo019\.png/,
    );
  });

  test('maps of background alone', async () => {
    writeLabelMap(inFolder('blank/a.png'), { width: 2, height: 2, data: new Int32Array(4) });
    expectError(
      await archc('evaluate', '--predictions', inFolder('blank'), '--truth', inFolder('blank')),
      'no-labels',
      /nothing but background/,
    );
  });

  test('nothing is written where something is wrong', async () => {
    cpSync(inFolder('images'), inFolder('less'), { recursive: true });
    writeFileSync(inFolder('less/predictions/fluo038.png'), 'no image');
    const result = await evaluate('less', '--csv', inFolder('out/never.csv'));
    expectError(result, 'bad-png', /fluo038\.png/);
    expect(existsSync(inFolder('out/never.csv'))).toBe(false);
  });
});
