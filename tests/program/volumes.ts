import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openDataset } from '../../src/data/dataset.ts';
import { planFor } from '../../src/data/planning/plan.ts';
import { DEFAULT_MEMORY } from '../../src/data/planning/plan-2d.ts';
import { writePlan } from '../../src/data/planning/plan-file.ts';
import { nifti } from '../../src/data/testing.ts';
import { Random } from '../../src/recipe/random.ts';
import type { RawImage } from '../../src/runtime/index.ts';

/** Names by which nnU-Net normalises in each of its five ways. */
const CHANNELS = ['CT', 'MR', 'rescale_to_0_1', 'rgb_to_0_1', 'noNorm'];
/** Class 0 is the background; label maps hold other values than ids. */
const LABELS = { background: 0, core: 3, rim: 7 };

/** Voxels and their sizes along D, H, W. The second axis is the coarsest; `b` and `e` are resampled. */
const cases = [
  { id: 'a', part: 'Tr', shape: [22, 6, 26], spacing: [1.5, 4, 1] },
  { id: 'b', part: 'Tr', shape: [19, 7, 24], spacing: [2, 4, 1.25] },
  { id: 'c', part: 'Tr', shape: [24, 5, 22], spacing: [1.5, 4, 1] },
  { id: 'e', part: 'Ts', shape: [20, 6, 23], spacing: [1.25, 5, 1.5] },
] as const;

/** A case as its file has it, in memory. */
export interface MadeCase extends RawImage {
  readonly id: string;
}

/** A ball in a box of noise, with a rim, in volumes whose border is 0. */
function made(index: number): MadeCase & { readonly label: Int32Array } {
  const { id, shape, spacing } = cases[index];
  const random = Random.stream(index, 'volumes');
  const [depth, height, width] = shape;
  const voxels = depth * height * width;
  const data = new Float32Array(CHANNELS.length * voxels);
  const label = new Int32Array(voxels);
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        if (z < 2 || y < 1 || x < 3 || z >= depth - 1 || x >= width - 2) continue;
        const away = Math.hypot(z / depth - 0.5, y / height - 0.5, x / width - 0.5);
        label[i] = away < 0.2 ? LABELS.core : away < 0.3 ? LABELS.rim : 0;
        const light = label[i] === LABELS.core ? 180 : label[i] === LABELS.rim ? 110 : 30;
        for (let c = 0; c < CHANNELS.length; c++)
          data[c * voxels + i] = light + 10 * c + random.uniform(0, 40);
      }
    }
  }
  // Channels of other scales: Hounsfield units, and what is left as it is.
  for (let i = 0; i < voxels; i++) {
    if (data[i] !== 0) data[i] = 6 * data[i] - 700;
    data[4 * voxels + i] /= 100;
  }
  return { id, data, shape, spacing, label };
}

function writeVolume(path: string, values: ArrayLike<number>, { shape, spacing }: MadeCase): void {
  const bytes = nifti(
    {
      dims: [3, ...shape.toReversed()],
      pixDims: [1, ...spacing!.toReversed()],
      ...{ type: 16, bits: 32 },
    },
    (view, at) => {
      for (let i = 0; i < values.length; i++) view.setFloat32(at + 4 * i, values[i], true);
    },
    4 * values.length,
  );
  writeFileSync(path, gzipSync(bytes));
}

/** Writes a data set of three training cases and a test image, and gives its cases. */
export function writeVolumes(folder: string): MadeCase[] {
  for (const part of ['imagesTr', 'labelsTr', 'imagesTs']) mkdirSync(join(folder, part), { recursive: true });
  const all = cases.map(({ part, id, shape }, index) => {
    const found = made(index);
    const voxels = shape[0] * shape[1] * shape[2];
    for (let c = 0; c < CHANNELS.length; c++) {
      const channel = found.data.subarray(c * voxels, (c + 1) * voxels);
      writeVolume(join(folder, `images${part}`, `${id}_000${c}.nii.gz`), channel, found);
    }
    if (part === 'Tr') writeVolume(join(folder, 'labelsTr', `${id}.nii.gz`), found.label, found);
    return found;
  });
  const info = {
    name: 'Volumes',
    channel_names: Object.fromEntries(CHANNELS.map((name, c) => [String(c), name])),
    ...{ labels: LABELS, numTraining: 3, file_ending: '.nii.gz' },
  };
  writeFileSync(join(folder, 'dataset.json'), JSON.stringify(info));
  return all;
}

/** Writes a plan for them with made-up figures of intensities, by which z-scores are those of the object. */
export function writeVolumesPlan(path: string, folder: string): string {
  const figures = { max: 600, mean: 250, median: 260, min: -600, std: 150 };
  const percentiles = { percentile_00_5: -400, percentile_99_5: 500 };
  const dataset = openDataset(folder);
  const training = cases.filter(({ part }) => part === 'Tr');
  const found = {
    shapes_after_crop: training.map(({ shape: [d, h, w] }) => [d - 3, h - 1, w - 5] as const),
    spacings: training.map(({ spacing }) => spacing),
    relative_size_after_cropping: 0.6,
    intensity: Object.fromEntries(CHANNELS.map((_, c) => [String(c), { ...figures, ...percentiles }])),
  };
  writePlan(path, planFor(dataset, found, '', DEFAULT_MEMORY));
  return path;
}
