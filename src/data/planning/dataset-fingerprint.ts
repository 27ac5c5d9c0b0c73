import { InputError } from '../../errors.ts';
import { type Dataset, expectedOf } from '../dataset.ts';
import { FirstWalk, type IntensityStatistics, SecondWalk, sample, samplesOf } from './intensities.ts';
import { type Box, nonzeroBox, type Shape } from './nonzero.ts';
import { median } from './numpy.ts';
import { readVolume, type Volume } from './volume.ts';

/** What a plan follows from. Axes are those of the files, slowest first: NIfTI's z, y, x. */
export interface DatasetFingerprint {
  /** Of each case, after cropping to what is not 0. */
  readonly shapes_after_crop: readonly Shape[];
  /** Voxel sizes of each case. */
  readonly spacings: readonly (readonly [number, number, number])[];
  /** Voxels that cropping leaves, as a share, of the median case. */
  readonly relative_size_after_cropping: number;
  /** By channel ("0", "1", …), over the foreground of all cases. */
  readonly intensity: Readonly<Record<string, IntensityStatistics>>;
}

/** Called after each case of each of two walks over the data set. */
export type OnCase = (done: number, total: number, id: string) => void;

/**
 * The fingerprint of the training cases, as nnU-Net v2 extracts it (F. Isensee et al., Nature Methods 2021; its
 * `DatasetFingerprintExtractor`): the same samples of intensities, and sums that round as its do. It reads all cases
 * twice, one at a time, so that memory does not grow with their number.
 *
 * @throws InputError as readVolume; `bad-dataset` where there is no foreground at all
 */
export function datasetFingerprint(dataset: Dataset, onCase: OnCase = () => {}): DatasetFingerprint {
  const { training, channels } = dataset;
  const samples = samplesOf(training.length);
  const total = 2 * training.length;
  const first = channels.map(() => new FirstWalk());
  const boxes: Box[] = [];
  const spacings: Volume['spacing'][] = [];
  const shares: number[] = [];
  let empty = 0;
  for (const [i, files] of training.entries()) {
    const volume = readVolume(files, expectedOf(dataset));
    const box = nonzeroBox(volume);
    boxes.push(box);
    spacings.push(volume.spacing);
    shares.push(voxels(box.shape) / voxels(volume.shape));
    const values = foregroundIn(volume, box);
    if (values[0].length === 0) empty++;
    const counts = sample(
      values,
      values,
      first.map(({ sum }) => sum),
      samples,
    );
    for (const [c, walk] of first.entries()) walk.add(values[c], counts[c]);
    onCase(i + 1, total, files.id);
  }
  if (empty === training.length) {
    throw new InputError(
      'bad-dataset',
      `${dataset.folder}: no label map has any foreground within what is not 0 in its image`,
      'check that labelsTr belongs to imagesTr',
    );
  }
  // NumPy joins the samples of all cases, and where one has none, it makes them float64.
  const second = first.map((walk) => new SecondWalk(walk, empty === 0));
  for (const [i, files] of training.entries()) {
    const values = foregroundIn(readVolume(files, expectedOf(dataset)), boxes[i]);
    const squares = second.map((walk, c) => walk.squares(values[c]));
    const counts = sample(
      values,
      squares,
      second.map(({ sum }) => sum),
      samples,
    );
    for (const [c, walk] of second.entries()) walk.add(values[c], counts[c]);
    onCase(training.length + i + 1, total, files.id);
  }
  return {
    shapes_after_crop: boxes.map(({ shape }) => shape),
    spacings,
    relative_size_after_cropping: median(shares),
    intensity: Object.fromEntries(second.map((walk, c) => [String(c), walk.statistics()])),
  };
}

const voxels = ([depth, height, width]: Shape): number => depth * height * width;

/** Of each channel the values of the foreground within a box, in the order of the voxels. */
function foregroundIn({ shape, data, label }: Volume, { start, shape: size }: Box): Float32Array[] {
  const ids = label!;
  const places = new Uint32Array(voxels(size));
  let count = 0;
  for (let z = start[0]; z < start[0] + size[0]; z++) {
    for (let y = start[1]; y < start[1] + size[1]; y++) {
      const line = (z * shape[1] + y) * shape[2];
      for (let i = line + start[2]; i < line + start[2] + size[2]; i++) if (ids[i] > 0) places[count++] = i;
    }
  }
  return data.map((channel) => {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) values[i] = channel[places[i]];
    return values;
  });
}
