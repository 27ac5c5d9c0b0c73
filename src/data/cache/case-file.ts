import { InputError } from '../../errors.ts';
import { Random } from '../../recipe/random.ts';
import { writeSafetensors } from '../../tensors/safetensors.ts';
import { SafetensorsFile } from '../../tensors/safetensors-file.ts';
import { float32Tensor, type Tensor } from '../../tensors/tensor.ts';
import { foregroundGroups, type Labelling } from '../labelling.ts';
import type { PreprocessedCase } from '../planning/preprocess.ts';
import type { CaseGeometry } from '../planning/preprocess-image.ts';

/** Voxels of a class or region that are kept to centre patches on: all up to this number, else this many, and at least a hundredth. */
const MOST_PLACES = 10_000;
const LEAST_SHARE = 0.01;

/** What a case's file says of itself. */
export interface CaseRecord {
  readonly id: string;
  /** Digest of the image and label files that it was made of. */
  readonly inputs: string;
  /** See preprocessingDigest. */
  readonly preprocessing: string;
  /** Slices, and their height and width. */
  readonly shape: readonly [number, number, number];
  readonly channels: number;
  readonly geometry: CaseGeometry;
}

/** The entry of the file's metadata. */
const KEY = 'case';

/**
 * Writes a case as a safetensors file: `image` [D, C, H, W], so that a slice lies in one piece, `label` [D, H, W], and for
 * each class but the background, or each region, that is there, `foreground.<number from 1>`, the places of voxels of it in
 * the label. Where the data set ignores a value, `annotated` has places of voxels of any class, as in nnU-Net.
 *
 * @throws InputError `cannot-write`; JobError `write-failed`
 */
export function writeCase(
  path: string,
  found: PreprocessedCase,
  digests: Pick<CaseRecord, 'inputs' | 'preprocessing'>,
  labelling: Labelling,
): void {
  const { id, shape, image, label, geometry } = found;
  const [depth, height, width] = shape;
  const plane = height * width;
  const channels = image.length;
  const slices = channels === 1 ? image[0] : new Float32Array(depth * channels * plane);
  for (let z = 0; z < depth && channels > 1; z++) {
    for (const [c, channel] of image.entries())
      slices.set(channel.subarray(z * plane, (z + 1) * plane), (z * channels + c) * plane);
  }
  const entries: [string, Tensor][] = [['image', float32Tensor([depth, channels, height, width], slices)]];
  if (label) {
    entries.push(['label', labelTensor(shape, label)]);
    for (const [name, places] of placesOf(id, label, labelling))
      entries.push([name, { dtype: 'U32', shape: [places.length], data: places }]);
  }
  // The widest elements first, so that all lie aligned.
  entries.sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const record: CaseRecord = { id, ...digests, shape, channels, geometry };
  writeSafetensors(path, entries, { [KEY]: JSON.stringify(record) });
}

function labelTensor(shape: readonly number[], label: Int32Array): Tensor {
  return label.some((value) => value > 127)
    ? { dtype: 'I16', shape, data: Int16Array.from(label) }
    : { dtype: 'I8', shape, data: Int8Array.from(label) };
}

/** The name of the places of a class or region, numbered from 1. */
export const foregroundName = (number: number) => `foreground.${number}`;

/** The name of the places of all voxels that are annotated. */
export const ANNOTATED = 'annotated';

/** Draws some of a group's voxels, one after the other. */
interface Drawer {
  readonly name: string;
  readonly random: Random;
  readonly places: Uint32Array;
  filled: number;
  /** Voxels that are still to come. */
  left: number;
}

/** By name, in order, the places of voxels, ascending; drawn evenly where there are many. */
function placesOf(id: string, label: Int32Array, labelling: Labelling): [string, Uint32Array][] {
  const { classes, ignore } = labelling;
  const counts = new Float64Array(classes.length);
  for (let i = 0; i < label.length; i++) if (label[i] >= 0) counts[label[i]]++;
  const drawers: Drawer[] = [];
  const byClass = classes.map((): Drawer[] => []);
  const draw = (name: string, random: Random, ids: readonly number[]) => {
    const left = ids.reduce((sum, one) => sum + counts[one], 0);
    if (left === 0) return;
    const wanted = Math.max(Math.min(left, MOST_PLACES), Math.ceil(left * LEAST_SHARE));
    const drawer = { name, random, left, places: new Uint32Array(wanted), filled: 0 };
    drawers.push(drawer);
    for (const one of ids) byClass[one].push(drawer);
  };
  for (const [g, group] of foregroundGroups(labelling).entries())
    draw(foregroundName(g + 1), Random.stream(0, 'foreground', id, g + 1), group.classes);
  if (ignore !== undefined) draw(ANNOTATED, Random.stream(0, 'annotated', id), [...classes.keys()]);
  for (let i = 0; i < label.length; i++) {
    if (label[i] < 0) continue;
    for (const drawer of byClass[label[i]]) {
      const wanted = drawer.places.length - drawer.filled;
      // Each of those left is taken with the same chance (Knuth's algorithm S).
      if (wanted === drawer.left || drawer.random.integer(0, drawer.left) < wanted)
        drawer.places[drawer.filled++] = i;
      drawer.left--;
    }
  }
  return drawers.map(({ name, places }) => [name, places]);
}

/**
 * What a case's file says of itself.
 *
 * @throws InputError `bad-cache` where it says nothing; as SafetensorsFile
 */
export function recordOf({ path, header: { metadata } }: SafetensorsFile): CaseRecord {
  try {
    const record = JSON.parse(metadata[KEY]) as CaseRecord;
    const texts = [record.id, record.inputs, record.preprocessing];
    const sizes = [...record.shape, record.channels];
    if (texts.every((text) => typeof text === 'string') && sizes.every(Number.isSafeInteger)) return record;
  } catch {
    // Falls through to the error below.
  }
  throw new InputError(
    'bad-cache',
    `${path}: is not a case that \`archc data preprocess\` wrote`,
    'remove it and preprocess the data set again',
  );
}

/** The record of the file at a path; `undefined` where there is none, or one that is damaged. */
export function readRecord(path: string): CaseRecord | undefined {
  try {
    const file = new SafetensorsFile(path);
    try {
      return recordOf(file);
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
