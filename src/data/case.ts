import { InputError } from '../errors.ts';
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

/** An image as one slice, or a volume as the stack of its slices along D. */
export interface Case {
  readonly id: string;
  readonly slices: readonly Slice[];
  /** Pixel size along D, H, W. */
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
export function loadCase(files: CaseFiles, expected: Expected): Case {
  const { images, label } = loadVolume(files, expected);
  return { id: files.id, slices: slicesOf(images, label), spacing: images[0].spacing };
}

function slicesOf(images: readonly Image[], label: Labels | undefined): Slice[] {
  const [depth, height, width] = images[0].shape;
  const plane = height * width;
  const channels = images.reduce((sum, image) => sum + image.channels, 0);
  const sliceOf = (image: Float32Array, z: number): Slice => {
    const slice = { channels, height, width, image };
    return label === undefined ? slice : { ...slice, label: label.data.slice(z * plane, (z + 1) * plane) };
  };
  return Array.from({ length: depth }, (_, z) => {
    // One image is a slice as it is.
    if (depth === 1 && images.length === 1) return sliceOf(images[0].data, 0);
    const data = new Float32Array(channels * plane);
    let c = 0;
    for (const image of images) {
      for (let k = 0; k < image.channels; k++, c++) {
        const start = (k * depth + z) * plane;
        data.set(image.data.subarray(start, start + plane), c * plane);
      }
    }
    return sliceOf(data, z);
  });
}

function checkPlace(path: string, own: Placed, otherPath: string, other: Placed): void {
  const difference = placeDifference(own, otherPath, other);
  if (!difference) return;
  const { kind, found, hint } = difference;
  const code = kind === 'size' ? 'image-size' : 'image-geometry';
  throw new InputError(code, `${path}: ${found}; images and label of a case lie alike`, hint);
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

/** Label maps of equal size, [H, W] each, as one volume [D, H, W]. */
export function stackLabels<A extends Int32Array | Uint8Array>(maps: readonly A[]): A {
  if (maps.length === 1) return maps[0];
  const make = maps[0].constructor as new (length: number) => A;
  const volume = new make(maps.reduce((sum, map) => sum + map.length, 0));
  let at = 0;
  for (const map of maps) {
    volume.set(map, at);
    at += map.length;
  }
  return volume;
}
