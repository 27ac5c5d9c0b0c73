import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../tensors/safetensors.ts';
import { toFloat32 } from '../tensors/tensor.ts';
import { loadCase, type Slice } from './case.ts';
import { normaliseSlices } from './normalise.ts';

const nuclei = 'examples/nuclei/Dataset703_Nuclei/imagesTr';

describe('normaliseSlices', () => {
  it('gives what nnU-Net’s preprocessing gives, here for every 16th row of an image', () => {
    const files = { id: 'stain011', images: [`${nuclei}/stain011_0000.png`] };
    const [slice] = normaliseSlices(loadCase(files, { channels: 3 }).slices);
    const { tensors } = readSafetensors('tests/fixtures/segmentation/arrays.safetensors');
    const expected = tensors.get('stain011/every-16th-row')!;
    const [channels, rows, width] = expected.shape;
    expect([channels, rows * 16, width]).toEqual([slice.channels, slice.height, slice.width]);
    const values = toFloat32(expected);
    let worst = 0;
    for (let c = 0; c < channels; c++) {
      for (let y = 0; y < rows; y++) {
        for (let x = 0; x < width; x++) {
          const got = slice.image[(c * slice.height + 16 * y) * width + x];
          worst = Math.max(worst, Math.abs(got - values[(c * rows + y) * width + x]));
        }
      }
    }
    // nnU-Net computes in float32.
    expect(worst).toBeLessThan(1e-5);
  });

  it('takes the slices of a volume together, and turns constant channels into 0', () => {
    const slice = (values: number[]): Slice => ({
      channels: 2,
      height: 1,
      width: 2,
      image: Float32Array.from([...values, 5, 5]),
    });
    const [a, b] = normaliseSlices([slice([1, 1]), slice([3, 3])]);
    expect([...a.image, ...b.image]).toEqual([-1, -1, 0, 0, 1, 1, 0, 0]);
  });

  it('is exact where float32 sums would not be', () => {
    const image = Float32Array.from({ length: 100_000 }, (_, i) => 1e6 + (i % 2));
    const [{ image: result }] = normaliseSlices([{ channels: 1, height: 100, width: 1000, image }]);
    expect([result[0], result[1]]).toEqual([-1, 1]);
  });
});
