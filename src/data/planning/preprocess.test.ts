import { expect, test } from 'vitest';
import { kindOf } from '../../recipe/normalisation.ts';
import { readSafetensors } from '../../tensors/safetensors.ts';
import { toFloat32, toInt32 } from '../../tensors/tensor.ts';
import type { CaseFiles } from '../case.ts';
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
    { channels: channels.length, classes },
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
