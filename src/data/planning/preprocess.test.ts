import { expect, test } from 'vitest';
import { kindOf } from '../../recipe/normalisation.ts';
import { readSafetensors } from '../../tensors/safetensors.ts';
import { toFloat32, toInt32 } from '../../tensors/tensor.ts';
import type { CaseFiles } from '../case.ts';
import { readNifti } from '../nifti.ts';
import { preprocessCase } from './preprocess.ts';
import { expectedPlans, nnunet } from './testing.ts';

const { tensors } = readSafetensors(`${nnunet}/preprocessed.safetensors`);

function files(folder: string, id: string, ending: string): CaseFiles {
  return {
    id,
    images: [`${folder}/imagesTr/${id}_0000${ending}`],
    label: `${folder}/labelsTr/${id}${ending}`,
  };
}

test.each([
  ['Dataset900_Anisotropic', 'case0', nnunet, '.nii.gz', ['MRI'], ''],
  ['Dataset900_Anisotropic', 'case7', nnunet, '.nii.gz', ['MRI'], ''],
  ['Dataset004_Hippocampus', 'hippocampus_004', nnunet, '.nii.gz', ['MRI'], ''],
  ['Dataset703_Nuclei', 'stain011', 'examples/nuclei', '.png', ['R', 'G', 'B'], '/every31'],
] as const)('%s/%s is what nnU-Net v2 preprocesses', (name, id, folder, ending, channels, part) => {
  const normalisation = channels.map((c) => ({ kind: kindOf(c) as 'zscore', masked: false }));
  const classes = [0, 1, 2].map((value) => ({ name: String(value), value }));
  const found = preprocessCase(
    files(`${folder}/${name}`, id, ending),
    { channels: channels.length, labelling: { classes } },
    { ...expectedPlans[name], normalisation },
  );
  const image = tensors.get(`${name}/${id}/image${part}`)!;
  const label = tensors.get(`${name}/${id}/label`)!;
  expect([1, ...found.shape]).toEqual(label.shape);
  const values = found.image.flatMap((channel) => [...channel]);
  const step = part === '' ? 1 : 31;
  const truth = toFloat32(image);
  // Float32 against NumPy's float32: some units in the last place of values up to 10.
  const away = values
    .filter((_, i) => i % step === 0)
    .reduce((worst, value, i) => Math.max(worst, Math.abs(value - truth[i])), 0);
  expect(away).toBeLessThan(1e-5);
  expect(Math.ceil(values.length / step)).toBe(truth.length);
  expect(found.label).toEqual(toInt32(label));
});

test.each(['case0', 'case7'])(
  'what is ignored is resampled as nnU-Net does it, as the highest label: %s',
  (id) => {
    const name = 'Dataset900_Anisotropic';
    const classes = [0, 1].map((value) => ({ name: String(value), value }));
    const { label } = preprocessCase(
      files(`${nnunet}/${name}`, id, '.nii.gz'),
      { channels: 1, labelling: { classes, ignore: 2 } },
      { ...expectedPlans[name], normalisation: [{ kind: 'none' }] },
    );
    // nnU-Net's preprocessor does not know which of the labels is ignored.
    const expected = toInt32(tensors.get(`${name}/${id}/label`)!)!.map((value) => (value === 2 ? -2 : value));
    expect(expected.includes(-2)).toBe(true);
    expect(label).toEqual(expected);
  },
);

test('the axes are put in the order of the plan, and its slices cut to what is not 0', () => {
  const path = 'tests/fixtures/metrics/hippocampus_045_gt.nii.gz';
  const { data, shape, spacing } = readNifti(path);
  const { image, geometry, ...found } = preprocessCase(
    { id: 'a', images: [path] },
    { channels: 1 },
    {
      transpose_forward: [2, 0, 1],
      normalisation: [{ kind: 'none' }],
      plan_2d: { spacing: [spacing[0], spacing[1]] },
    },
  );
  expect(geometry.original_shape).toEqual([shape[2], shape[0], shape[1]]);
  expect(geometry.spacing).toEqual([spacing[2], spacing[0], spacing[1]]);
  expect(found.shape).toEqual(geometry.crop_shape);
  expect(found.label).toBeUndefined();
  const [depth, height, width] = found.shape;
  const [x, z, y] = geometry.crop_start;
  let sum = 0;
  for (let a = 0, i = 0; a < depth; a++) {
    for (let b = 0; b < height; b++) {
      for (let c = 0; c < width; c++, i++) {
        if (image[0][i] !== data[((b + z) * shape[1] + c + y) * shape[2] + a + x])
          expect([a, b, c]).toBe('equal');
        sum += image[0][i];
      }
    }
  }
  expect(sum).toBe(data.reduce((total, value) => total + value, 0));
});
