import { expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { type JudgedOptions, judgedRegions } from './judged-regions.ts';

const named = (...names: string[]) => ({
  classes: ['background', ...names].map((name, value) => ({ name, value })),
});

/** Names as the AbdomenMRI data set has them. */
const organs = named(
  ...['liver', 'right kidney', 'spleen', 'pancreas', 'aorta', 'inferior vena cava', 'right adrenal gland'],
  ...['left adrenal gland', 'gallbladder', 'esophagus', 'stomach', 'duodenum', 'left kidney'],
);

const nsd: JudgedOptions = { metrics: ['nsd'], tolerances: [] };
const preset = { preset: 'abdomen-mri' };

function problem(classes: ReturnType<typeof named>, options: JudgedOptions): InputError {
  try {
    judgedRegions(classes, options);
  } catch (error) {
    if (error instanceof InputError) return error;
  }
  throw new Error('nothing was refused');
}

it('abdomen-mri has 13 organs, three of them on slices of the truth', () => {
  const regions = judgedRegions(organs, { ...nsd, tolerances: [preset] });
  // As in the evaluation code of FLARE 2022, by class id.
  expect(regions.map(({ tolerance }) => tolerance)).toEqual([5, 3, 3, 5, 2, 2, 2, 2, 2, 3, 5, 7, 3]);
  expect(regions.filter(({ truthSlices }) => truthSlices).map(({ classes }) => classes[0])).toEqual([
    5, 6, 10,
  ]);
});

it('labels are matched whatever their case and how their words are joined', () => {
  const other = named('Liver', 'KIDNEY_RIGHT', 'ivc', 'Oesophagus', 'gall-bladder');
  const regions = judgedRegions(other, { ...nsd, tolerances: [preset] });
  expect(regions.map(({ tolerance }) => tolerance)).toEqual([5, 3, 2, 3, 2]);
  expect(regions.map(({ truthSlices }) => truthSlices)).toEqual([false, false, true, true, false]);
});

it('later entries replace earlier ones, and names of slices those of the preset', () => {
  const regions = judgedRegions(named('liver', 'aorta', 'lesion'), {
    ...nsd,
    tolerances: [{ mm: 1 }, preset, { name: 'LIVER', mm: 4 }],
    truthSlices: ['lesion'],
  });
  expect(regions.map(({ tolerance }) => tolerance)).toEqual([4, 2, 1]);
  expect(regions.map(({ truthSlices }) => truthSlices)).toEqual([false, false, true]);
});

it('all foreground is judged by DSC alone, F1 with maps of instances by one label', () => {
  const options: JudgedOptions = {
    metrics: ['dsc', 'f1'],
    tolerances: [],
    instanceLabel: 'interior',
  };
  expect(judgedRegions(named('interior', 'boundary'), options)).toMatchObject([
    { name: 'interior', metrics: ['dsc', 'f1'] },
    { name: 'boundary', metrics: ['dsc'] },
    { name: 'all foreground', classes: [1, 2], metrics: ['dsc'], together: true },
  ]);
});

it('labels without tolerance are listed', () => {
  const unknown = problem(named('liver', 'lesion', 'cyst'), { ...nsd, tolerances: [preset] });
  expect(unknown.code).toBe('no-tolerance');
  expect(unknown.message).toMatch(
    /2 labels have no tolerance.*: lesion, cyst; abdomen-mri knows liver, right kidney,/,
  );
  expect(
    problem(named('liver', 'lesion'), { ...nsd, tolerances: [{ name: 'liver', mm: 2 }] }).message,
  ).toMatch(/a label has no tolerance.*: lesion$/);
  expect(problem(named('liver'), nsd).hint).toMatch(/--tolerance liver=2.*abdomen-mri/);
  // The preset's rule of slices is for every metric.
  expect(problem(named('lesion'), { metrics: ['dsc'], tolerances: [preset] }).code).toBe('no-tolerance');
});

it('background alone is nothing to judge', () => {
  expect(problem(named(), { metrics: ['dsc'], tolerances: [] }).code).toBe('no-labels');
});

it('names that no label has are refused with those that there are', () => {
  for (const options of [
    { ...nsd, tolerances: [{ name: 'lvier', mm: 2 }] },
    { ...nsd, tolerances: [{ mm: 2 }], truthSlices: ['lvier'] },
    { ...nsd, tolerances: [{ mm: 2 }], instanceLabel: 'lvier' },
    { ...nsd, tolerances: [{ mm: 2 }], instanceLabel: 'liver', instanceBoundary: 'lvier' },
  ]) {
    const { code, message } = problem(named('liver', 'spleen'), options);
    expect(code).toBe('unknown-label');
    expect(message).toMatch(/"lvier"; the labels are liver, spleen/);
  }
});

it('the boundary of instances is another label than theirs, and of their label alone', () => {
  const options = { metrics: ['f1'], tolerances: [], instanceLabel: 'interior' } as const;
  const classes = named('interior', 'Boundary');
  expect(judgedRegions(classes, { ...options, instanceBoundary: 'boundary' })).toMatchObject([
    { name: 'interior', metrics: ['f1'], instanceBoundary: [2] },
    { name: 'Boundary', metrics: [] },
  ]);
  const { code, message } = problem(classes, { ...options, instanceBoundary: 'interior' });
  expect(code).toBe('unknown-label');
  expect(message).toMatch(/interior is the label of the instances themselves/);
});

it('of regions each is judged with all of its classes, and named like a label', () => {
  const classes = named('label_1', 'label_2', 'label_3').classes;
  const regions = [
    { name: 'whole tumour', values: [1, 2, 3], painted: 1 },
    { name: 'core', values: [2, 3], painted: 2 },
  ];
  const tolerances = [
    { name: 'Whole_Tumour', mm: 2 },
    { name: 'core', mm: 1 },
  ];
  expect(judgedRegions({ classes, regions }, { metrics: ['dsc', 'nsd'], tolerances })).toMatchObject([
    { name: 'whole tumour', classes: [1, 2, 3], tolerance: 2 },
    { name: 'core', classes: [2, 3], tolerance: 1 },
    { name: 'all foreground', classes: [1, 2, 3], together: true },
  ]);
});
