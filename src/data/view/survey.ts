import { InputError } from '../../errors.ts';
import { type AxisOrder, coarsestFirst, orderOf, permuted } from '../axes.ts';
import { type CaseVolume, loadVolume } from '../case.ts';
import { type Dataset, expectedOf } from '../dataset.ts';
import type { Placed } from '../placement.ts';
import { dataRemarks } from '../remarks.ts';
import { GrowingHistogram, type Histogram } from './histogram.ts';
import { directionsOf } from './orientation.ts';

/** A case that could be read. */
export interface SurveyedCase extends Placed {
  readonly id: string;
  /** Voxels of each class. */
  readonly voxels: readonly number[];
}

/** What the training cases of a data set are. */
export interface Survey {
  readonly cases: readonly SurveyedCase[];
  /** Axes of volumes as training cuts them, that of the slices first. */
  readonly order: AxisOrder;
  /** In the order of their ids: voxels, and cases that show the class. */
  readonly classes: readonly { readonly voxels: number; readonly cases: number }[];
  /** Of each channel, over all cases. */
  readonly histograms: readonly (Histogram | undefined)[];
  readonly warnings: readonly string[];
}

/**
 * Reads all training cases, one at a time. What cannot be read is left out and told among the warnings.
 *
 * @param onCase called after each case
 */
export function surveyDataset(
  dataset: Dataset,
  onCase: (done: number, total: number, id: string) => void = () => {},
): Survey {
  const { training, channels, classes } = dataset;
  const expected = expectedOf(dataset);
  const histograms = channels.map(() => new GrowingHistogram());
  const cases: SurveyedCase[] = [];
  const warnings: string[] = [];
  for (const [i, files] of training.entries()) {
    try {
      const volume = loadVolume(files, expected);
      cases.push(surveyed(files.id, volume, classes.length));
      for (const [c, values] of channelsOf(volume).entries()) {
        histograms[c].add(values, volume.label!.data);
        if (values.every((value) => value === values[0]))
          warnings.push(`${files.id}: every voxel of channel ${c} is ${values[0]}`);
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      warnings.push(`${files.id} is left out: ${error.message}`);
    }
    onCase(i + 1, training.length, files.id);
  }
  const order = coarsestFirst(cases);
  const frequencies = classes.map((_, id) => ({
    voxels: cases.reduce((sum, { voxels }) => sum + voxels[id], 0),
    cases: cases.filter(({ voxels }) => voxels[id] > 0).length,
  }));
  return {
    ...{ cases, order, classes: frequencies, histograms: histograms.map((histogram) => histogram.result()) },
    warnings: [...warnings, ...classWarnings(dataset, cases), ...placeWarnings(dataset, cases, order)],
  };
}

function surveyed(id: string, { images: [image], label }: CaseVolume, classes: number): SurveyedCase {
  const voxels = Array<number>(classes).fill(0);
  // What is ignored has the id −1, and counts nowhere.
  for (const value of label!.data) if (value >= 0) voxels[value]++;
  const { shape, spacing, affine } = image;
  return { id, shape, spacing, ...(affine && { affine }), voxels };
}

/** [D, H, W] each. */
export function channelsOf({ images }: CaseVolume): Float32Array[] {
  return images.flatMap(({ data, channels }) => {
    const size = data.length / channels;
    return Array.from({ length: channels }, (_, c) => data.subarray(c * size, (c + 1) * size));
  });
}

function classWarnings({ classes }: Dataset, cases: readonly SurveyedCase[]): string[] {
  const empty = cases.filter(({ voxels }) => voxels.every((count, id) => id === 0 || count === 0));
  const unused = classes.filter((_, id) => id > 0 && cases.every(({ voxels }) => voxels[id] === 0));
  return [
    ...unused.map(({ name, value }) => `no label map shows ${name} (${value})`),
    ...(empty.length > 0 ? [`without foreground: ${listed(empty.map(({ id }) => id))}`] : []),
  ];
}

function placeWarnings({ channels }: Dataset, cases: readonly SurveyedCase[], order: AxisOrder): string[] {
  const geometries = cases.map(({ shape, spacing }) => {
    const own = orderOf(shape, order);
    return { depth: permuted(shape, own)[0], spacing: permuted(spacing, own) };
  });
  const ways = new Map<string, string[]>();
  for (const { id, affine } of cases) {
    const way = directionsOf(affine)?.toReversed().join('') ?? 'unknown';
    ways.set(way, [...(ways.get(way) ?? []), id]);
  }
  const told = [...ways].map(([way, ids]) => `${way} (${listed(ids)})`).join(', ');
  return [
    ...dataRemarks(channels, geometries, order),
    ...(ways.size > 1 ? [`cases lie in ${ways.size} orientations, and are not turned alike: ${told}`] : []),
  ];
}

const listed = (ids: readonly string[]) =>
  ids.length > 5 ? `${ids.slice(0, 5).join(', ')}, … (${ids.length})` : ids.join(', ');

/**
 * Slices that show the foreground from its beginning to its end: those at which a sixth, a half and five sixths of it are
 * passed. Where there is none, slices at these shares of the volume.
 *
 * @param foreground voxels of each slice
 */
export function slicesToShow(foreground: readonly number[]): number[] {
  const total = foreground.reduce((sum, count) => sum + count, 0);
  const weights = total > 0 ? foreground : foreground.map(() => 1);
  const sum = total > 0 ? total : foreground.length;
  const chosen = [1 / 6, 1 / 2, 5 / 6].map((share) => {
    let passed = 0;
    return weights.findIndex((count) => {
      passed += count;
      return passed > share * sum;
    });
  });
  return [...new Set(chosen)];
}
