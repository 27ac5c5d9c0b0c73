import { InputError } from '../errors.ts';
import { type AxisOrder, FILE_ORDER, inverseOf, orderOf, permuted, transposed } from './axes.ts';
import { stackLabels, volumeOf } from './boxes.ts';
import { type Image, type Labels, readImage, readLabels } from './image.ts';
import type { Labelling } from './labelling.ts';
import { classIds } from './labels.ts';
import { type Placed, placeDifference } from './placement.ts';

/** A 2D image with its class ids, the unit of 2D networks. */
export interface Slice {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** [C, H, W]. */
  readonly image: Float32Array;
  /** Class ids [H, W], negative where they are ignored; absent where there is no truth. */
  readonly label?: Int32Array;
  /** [H, W], 1, or 0 where the normalisation left pixels out and augmented images are 0; absent where it took all. */
  readonly mask?: Uint8Array;
}

/** A slice with truth. */
export interface LabelledSlice extends Slice {
  readonly label: Int32Array;
}

/** An image as one slice, or a volume as the stack of its slices along the first axis of an order. */
export interface Case {
  readonly id: string;
  readonly slices: readonly Slice[];
  /** Which axis of the file is that of the slices, of their rows and of their columns. */
  readonly order: AxisOrder;
  /** Distance of the slices, and the size of their pixels along H and W. */
  readonly spacing: readonly [number, number, number];
}

/** The files of a case. */
export interface CaseFiles {
  readonly id: string;
  /** `<id>_0000`, `<id>_0001`, … in this order; each holds one channel or, if RGB, three. */
  readonly images: readonly string[];
  readonly label?: string;
}

/** What the images of a case must be. */
export interface Expected {
  /** Channel count over all of a case's files. */
  readonly channels: number;
  /** What the values of a label stand for; where absent they are class ids. */
  readonly labelling?: Labelling;
  /** All label maps of the data set; see classIds. */
  readonly labelMaps?: readonly string[];
}

/** A case as it is stored: its files, one after the other, and its class ids. */
export interface CaseVolume {
  readonly images: readonly Image[];
  /** Absent where there is no truth. */
  readonly label?: Labels;
}

/**
 * Reads a case and checks it: images with values as stored (see normaliseSlices), the label as class ids.
 *
 * @throws InputError as readImage and readLabels; `image-size` and `image-geometry` where files of the case differ in size,
 *   in the size of their voxels or in place, `image-values` where a voxel is no finite number, `image-channels` where they hold another number of channels, `label-values` where the label holds a
 *   value of no class
 */
export function loadVolume(files: CaseFiles, expected: Expected): CaseVolume {
  const images = files.images.map((path) => readImage(path));
  const first = images[0];
  const firstPath = files.images[0];
  images.forEach((image, i) => {
    checkPlace(files.images[i], image, firstPath, first);
    checkValues(files.images[i], image);
  });
  checkChannels(files, images, expected.channels);
  if (files.label === undefined) return { images };
  const label = readLabels(files.label);
  checkPlace(files.label, label, firstPath, first);
  if (expected.labelling === undefined) return { images, label };
  const data = classIds(files.label, label.data, expected.labelling, expected.labelMaps);
  return { images, label: { ...label, data } };
}

/** The same as slices. Throws as {@link loadVolume}. */
export function loadCase(files: CaseFiles, expected: Expected, order: AxisOrder = FILE_ORDER): Case {
  return slicedCase(files.id, loadVolume(files, expected), order);
}

/** The slices of a case along the first axis of an order. */
export function slicedCase(id: string, { images, label }: CaseVolume, wanted: AxisOrder): Case {
  const [{ shape, spacing }] = images;
  const order = orderOf(shape, wanted);
  const size = permuted(shape, order);
  const voxels = volumeOf(shape);
  const channels = images.flatMap((image) =>
    Array.from({ length: image.channels }, (_, c) =>
      transposed(image.data.subarray(c * voxels, (c + 1) * voxels), shape, order),
    ),
  );
  const ids = label && transposed(label.data, shape, order);
  // One image is a slice as it is.
  const slices =
    size[0] === 1 && images.length === 1
      ? [sliceOf(images[0].data, ids, [channels.length, size[1], size[2]])]
      : slicesOf(channels, ids, size);
  return { id, slices, order, spacing: permuted(spacing, order) };
}

function sliceOf(
  image: Float32Array,
  label: Int32Array | undefined,
  [channels, height, width]: readonly [number, number, number],
): Slice {
  return { channels, height, width, image, ...(label && { label }) };
}

/** Values of a case's file, [D, H, W], in the order of its slices. */
export function inSliceOrder<A extends Int32Array | Uint8Array>(values: A, { slices, order }: Case): A {
  const [{ height, width }] = slices;
  return transposed(values, permuted([slices.length, height, width], inverseOf(order)), order);
}

/** @param images of the channels, [D, H, W] each */
function slicesOf(
  images: readonly Float32Array[],
  label: Int32Array | undefined,
  [depth, height, width]: readonly [number, number, number],
): Slice[] {
  const plane = height * width;
  const channels = images.length;
  return Array.from({ length: depth }, (_, z) => {
    const data = new Float32Array(channels * plane);
    for (const [c, image] of images.entries())
      data.set(image.subarray(z * plane, (z + 1) * plane), c * plane);
    return sliceOf(data, label?.slice(z * plane, (z + 1) * plane), [channels, height, width]);
  });
}

function checkPlace(path: string, own: Placed, otherPath: string, other: Placed): void {
  const difference = placeDifference(own, otherPath, other);
  if (!difference) return;
  const { kind, found, hint } = difference;
  const message = `${path}: ${found}; images and label of a case lie alike`;
  throw kind === 'size'
    ? new InputError('image-size', message, hint)
    : new InputError('image-geometry', message, hint);
}

function checkValues(path: string, { data }: Image): void {
  const wrong = data.find((value) => !Number.isFinite(value));
  if (wrong === undefined) return;
  throw new InputError(
    'image-values',
    `${path}: a voxel is ${wrong}`,
    'set what is no finite number to the background of the image',
  );
}

function checkChannels(files: CaseFiles, images: readonly Image[], expected: number): void {
  const found = images.reduce((sum, image) => sum + image.channels, 0);
  if (found === expected) return;
  const parts = files.images.map((path, i) => `${path} (${images[i].channels})`).join(', ');
  const alpha = images.some((image) => image.channels === 2 || image.channels === 4);
  throw new InputError(
    'image-channels',
    `case ${files.id}: ${found} channel(s) in ${parts}; ${expected} expected`,
    alpha ? 'save the image without its alpha channel' : 'give one file a channel, or an RGB image for three',
  );
}

/** The slices of cases that have truth, in order. */
export function labelledSlices(cases: readonly Case[]): LabelledSlice[] {
  return cases.flatMap(({ slices }) => slices.filter(isLabelled));
}

function isLabelled(slice: Slice): slice is LabelledSlice {
  return slice.label !== undefined;
}

/** The truth of a whole case, [D, H, W]; undefined where a slice has none. */
export function stackedLabel({ slices }: Case): Int32Array | undefined {
  if (!slices.every(isLabelled)) return undefined;
  return stackLabels(slices.map(({ label }) => label));
}
