import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../errors.ts';
import type { Slice } from './case.ts';
import { visibleNames } from './case-files.ts';
import { imageEnding, readImage } from './image.ts';
import { normaliseSlices } from './normalise.ts';
import { resizeToCover } from './resize.ts';

/** An image and the class whose folder it stands in. */
export interface ClassImage {
  readonly path: string;
  /** Index into the data set's classes. */
  readonly label: number;
}

/** A classification data set: a folder for each class, with the class's images in it. */
export interface ClassFolders {
  readonly folder: string;
  /** Names of the class folders, sorted. */
  readonly classes: readonly string[];
  readonly training: readonly ClassImage[];
  /** Of `test`, else of `val`; empty where there is neither. Only looked at, and checked, when it is asked for. */
  readonly test: readonly ClassImage[];
}

/**
 * Opens `<folder>/train/<class>/<image>` with `test` or `val` beside `train`, or `<folder>/<class>/<image>`. Images
 * are not read yet (see readClassImage).
 *
 * @throws InputError `bad-dataset` when there are fewer than two classes, one has no image, or (once `test` is asked
 *   for) the test folder holds a class that `train` does not; `unsupported-image` for a file that is no image which can be read
 */
export function openClassFolders(folder: string): ClassFolders {
  const split = existsSync(join(folder, 'train'));
  if (!split && existsSync(join(folder, 'dataset.json'))) {
    throw bad(
      `${folder}: is a segmentation data set (it has a dataset.json); a classifier is trained on a folder for each class`,
      'give a folder with train/<class>/<image>.png, or a segmentation network',
    );
  }
  const root = split ? join(folder, 'train') : folder;
  const classes = foldersIn(root);
  if (classes.length < 2) {
    throw bad(
      `${root}: holds ${classes.length} class folder(s); a classification data set has one for each of at least two classes`,
      'lay the images out as train/<class>/<image>.png, with test/<class>/… beside it',
    );
  }
  const held = split
    ? ['test', 'val'].map((name) => join(folder, name)).find((f) => existsSync(f))
    : undefined;
  return {
    folder,
    classes,
    training: classes.flatMap((name, label) => imagesIn(join(root, name), label)),
    get test() {
      return held === undefined ? [] : testImages(held, root, classes);
    },
  };
}

/**
 * Reads an image for a network: z-score of each channel, scaled to cover height × width.
 *
 * @returns a slice of the given channels that is at least height × width
 * @throws InputError as readImage; `image-channels`, `not-2d`
 */
export function readClassImage(
  path: string,
  { channels, height, width }: { readonly channels: number; readonly height: number; readonly width: number },
): Slice {
  const image = readImage(path);
  const [depth, h, w] = image.shape;
  if (depth !== 1) {
    throw new InputError('not-2d', `${path}: is a volume of ${depth} slices; classification takes 2D images`);
  }
  if (image.channels !== channels) {
    const alpha = image.channels === 2 || image.channels === 4;
    throw new InputError(
      'image-channels',
      `${path}: has ${image.channels} channel(s), the network takes ${channels}`,
      alpha ? 'save the image without its alpha channel' : `--set in_channels=${image.channels}`,
    );
  }
  const [slice] = normaliseSlices([{ channels, height: h, width: w, image: image.data }]);
  return resizeToCover(slice, height, width);
}

function testImages(folder: string, root: string, classes: readonly string[]): ClassImage[] {
  return foldersIn(folder).flatMap((name) => {
    const label = classes.indexOf(name);
    if (label < 0) {
      throw bad(
        `${join(folder, name)}: no class of ${root}, which has ${classes.join(', ')}`,
        'rename or remove it',
      );
    }
    return imagesIn(join(folder, name), label);
  });
}

function imagesIn(folder: string, label: number): ClassImage[] {
  const paths = namesIn(folder).map((name) => join(folder, name));
  if (paths.length === 0) throw bad(`${folder}: holds no image`, 'add images or remove the folder');
  for (const path of paths) imageEnding(path);
  return paths.map((path) => ({ path, label }));
}

const foldersIn = (folder: string): string[] =>
  namesIn(folder).filter((name) => statSync(join(folder, name)).isDirectory());

const namesIn = (folder: string): string[] =>
  visibleNames(folder, 'give a folder that holds one folder for each class');

const bad = (message: string, hint: string) => new InputError('bad-dataset', message, hint);
