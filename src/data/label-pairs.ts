import { existsSync, readdirSync, statSync } from 'node:fs';
import { InputError } from '../errors.ts';
import { imageEndings, type Labels, readLabels } from './image.ts';
import { placeDifference, type Tolerance } from './placement.ts';

/** Predictions are written by other programs than the truth, whose headers round differently. */
const BETWEEN_PROGRAMS: Tolerance = { size: 1e-4, place: 0.01 };

/**
 * Names of the label maps in a folder, sorted.
 *
 * @throws InputError `file-not-found`, `not-a-folder`, `no-images`
 */
export function labelMapsIn(folder: string): string[] {
  const hint = 'name a folder of label maps';
  if (!existsSync(folder)) throw new InputError('file-not-found', `${folder} does not exist`, hint);
  if (!statSync(folder).isDirectory()) {
    throw new InputError('not-a-folder', `${folder} is not a folder`, hint);
  }
  const names = readdirSync(folder)
    .filter((name) => imageEndings.some((ending) => name.endsWith(ending)) && !name.startsWith('.'))
    .sort();
  if (names.length > 0) return names;
  const kinds = `name a folder of ${imageEndings.join(', ')} files`;
  throw new InputError('no-images', `${folder} holds no label maps`, kinds);
}

/** The name of a case, from that of its label map. */
export function caseId(name: string): string {
  const ending = imageEndings.find((known) => name.endsWith(known)) ?? '';
  return name.slice(0, name.length - ending.length);
}

/** A label map and where it was read. */
export interface PlacedLabels {
  readonly path: string;
  readonly labels: Labels;
}

/**
 * Reads the label map at `path`, which belongs to the same image as the truth.
 *
 * @throws InputError as readLabels; `image-size`, `image-geometry` where voxels, their size or their place differ
 */
export function readAlongside(path: string, truth: PlacedLabels): Labels {
  const labels = readLabels(path);
  const difference = placeDifference(labels, `its truth ${truth.path}`, truth.labels, BETWEEN_PROGRAMS);
  if (!difference) return labels;
  const { kind, found, hint } = difference;
  throw kind === 'size'
    ? new InputError('image-size', `${path} ${found}`, hint)
    : new InputError('image-geometry', `${path} ${found}`, hint);
}
