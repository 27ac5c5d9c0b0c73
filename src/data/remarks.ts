import { kindOf, type Normalisation } from '../recipe/normalisation.ts';
import { type AxisOrder, FILE_ORDER, SAME_SPACING } from './axes.ts';

/** How the slices of a case lie in space. */
export interface Geometry {
  /** Slices; 1 for an image. */
  readonly depth: number;
  /** Distance of the slices, and the size of their pixels along H and W. */
  readonly spacing: readonly [number, number, number];
}

/** What nnU-Net does with a channel instead of a z-score of each case. */
const schemes: Readonly<Partial<Record<Normalisation['kind'], string>>> = {
  ct: "clips it to percentiles of the data set's foreground and scales it by the data set's mean and deviation",
  rescale_0_1: 'scales it to 0 to 1',
  rgb_0_1: 'divides it by 255',
  none: 'leaves it as it is',
};

/**
 * What a data set says about its images that is not used here, in a sentence each: channel types that ask for another
 * normalisation, the axis that volumes are cut along, spacings that differ.
 *
 * @param channels their names; empty where they are not known
 * @param order of the axes of volumes: slices lie along the first
 * @param trained the smallest and largest pixel that a network was trained on, where other images are given to it
 */
export function dataRemarks(
  channels: readonly string[],
  cases: readonly Geometry[],
  order: AxisOrder = FILE_ORDER,
  trained?: readonly [number, number],
): string[] {
  return [...channelRemarks(channels), ...sliceRemarks(cases, order), ...spacingRemarks(cases, trained)];
}

/** The smallest and the largest size of a pixel along H and W. */
export function pixelRange(cases: readonly Geometry[]): [number, number] {
  const sizes = cases.flatMap(({ spacing: [, y, x] }) => [y, x]);
  return [Math.min(...sizes), Math.max(...sizes)];
}

function channelRemarks(channels: readonly string[]): string[] {
  return channels.flatMap((name, c) => {
    const scheme = schemes[kindOf(name)];
    if (scheme === undefined) return [];
    return [`channel ${c} (${name}) is z-scored case by case, where nnU-Net ${scheme}`];
  });
}

/** Of D, H, W. */
export const axisNames = ['z, the third axis', 'y, the second axis', 'x, the first axis'];

function sliceRemarks(cases: readonly Geometry[], [first]: AxisOrder): string[] {
  const volumes = cases.filter(({ depth }) => depth > 1);
  if (volumes.length === 0) return [];
  const along = range(volumes.map(({ spacing: [z] }) => z));
  const coarser = volumes.filter(({ spacing: [z, y, x] }) => Math.max(y, x) > z * (1 + SAME_SPACING)).length;
  const though =
    coarser === 0 ? '' : `, though another axis is coarser in ${coarser} of ${volumes.length} volumes`;
  return [
    `volumes are cut into slices along ${axisNames[first]} of their files (${along} mm apart)${though}`,
  ];
}

function spacingRemarks(cases: readonly Geometry[], trained?: readonly [number, number]): string[] {
  if (cases.length === 0) return [];
  const own = pixelRange(cases);
  if (alike([...own, ...(trained ?? [])])) return [];
  const before =
    trained && !alike([...own, ...trained]) ? `, and those trained on of ${range(trained)} mm,` : '';
  return [
    `pixels of ${range(own)} mm${before} are all taken for the same size: spacing is not used, nothing is resampled`,
  ];
}

const alike = (values: readonly number[]) => Math.max(...values) <= Math.min(...values) * (1 + SAME_SPACING);

function range(values: readonly number[]): string {
  const text = (value: number) => String(Number(value.toPrecision(4)));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return alike(values) ? text(low) : `${text(low)} to ${text(high)}`;
}
