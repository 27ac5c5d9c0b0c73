import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { InputError } from '../errors.ts';
import type { CaseFiles } from './case.ts';
import { type ImageEnding, imageEnding, imageEndings } from './image.ts';

/** `<case>_0000`: nnU-Net's names of images, with the number of the channel. */
const CHANNEL = /^(.+)_(\d{4})$/;

/** Case and channel of an image's name without its ending; `undefined` where it has no channel number. */
export function splitChannel(stem: string): { readonly id: string; readonly channel: number } | undefined {
  const match = CHANNEL.exec(stem);
  return match ? { id: match[1], channel: Number(match[2]) } : undefined;
}

const RAW_LAYOUT = 'nnU-Net raw layout has imagesTr and labelsTr';

/** Names of the files with an ending, sorted by UTF-16 code units whatever the machine's language is. */
export function namesIn(folder: string, ending: ImageEnding): string[] {
  return visibleNames(folder, RAW_LAYOUT).filter((name) => name.endsWith(ending));
}

/** Names in a folder, sorted by UTF-16 code units, whatever the machine's language is. `hint`: what it should be. */
export function visibleNames(folder: string, hint: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.'))
      .sort();
  } catch {
    throw bad(`${folder}: is missing or not a folder that can be read`, hint);
  }
}

/** Kinds of images in a folder. */
export function endingsIn(folder: string): ImageEnding[] {
  const names = visibleNames(folder, RAW_LAYOUT);
  return imageEndings.filter((ending) => names.some((name) => name.endsWith(ending)));
}

/**
 * The cases in a folder of images named `<case>_0000<ending>`, `<case>_0001<ending>`, …, in the order of
 * their ids.
 *
 * @throws InputError `bad-dataset` when there are none, a name has no channel number or a channel is missing
 */
export function listCases(folder: string, ending: ImageEnding): CaseFiles[] {
  const channels = new Map<string, string[]>();
  const names = namesIn(folder, ending);
  for (const name of names) {
    const match = CHANNEL.exec(name.slice(0, -ending.length));
    if (match === null) {
      const rest = names.filter((n) => !CHANNEL.test(n.slice(0, -ending.length)));
      throw bad(
        `${join(folder, name)}: the name does not end in a channel number`,
        rest.length === names.length
          ? renameCommand(folder, ending)
          : `rename it to ${name.slice(0, -ending.length)}_0000${ending}`,
      );
    }
    const [, id, channel] = match;
    const files = channels.get(id) ?? [];
    channels.set(id, files);
    // Names come sorted, so that the channels of a case come in order.
    if (Number(channel) !== files.length) {
      const missing = `${id}_${String(files.length).padStart(4, '0')}${ending}`;
      throw bad(
        `${join(folder, missing)}: missing, while ${name} is there`,
        `add the missing channel; where ${channel} is part of the case's name, rename to ${id}_${channel}_0000${ending}`,
      );
    }
    files.push(join(folder, name));
  }
  if (channels.size === 0) {
    throw bad(`${folder}: holds no image <case>_0000${ending}`, otherImages(folder));
  }
  return [...channels].map(([id, images]) => ({ id, images }));
}

/** Whether a folder has images, and none of them has a channel number. */
export function lacksChannelNumbers(folder: string, ending: ImageEnding): boolean {
  const names = namesIn(folder, ending);
  return names.length > 0 && names.every((name) => !CHANNEL.test(name.slice(0, -ending.length)));
}

/** Images to segment, and whether they were taken without channel numbers. */
export interface FoundImages {
  readonly cases: readonly CaseFiles[];
  /** No name has a channel number: each file is a case. */
  readonly whole: boolean;
}

/**
 * The cases in a folder of images, of whatever kind they are. Where no name has a channel number, each file is a case
 * with all of its channels.
 *
 * @param ending of those to take; needed where there are several kinds
 * @throws InputError `mixed-images`, `no-images`, and as listCases
 */
function imagesIn(folder: string, ending: ImageEnding | undefined): FoundImages {
  const kinds = endingsIn(folder);
  if (ending === undefined && kinds.length > 1) {
    const counts = kinds.map((kind) => `${namesIn(folder, kind).length} ${kind}`).join(' and ');
    throw new InputError(
      'mixed-images',
      `${folder}: holds ${counts} images`,
      `--ending ${kinds.join(' or ')}`,
    );
  }
  const kind = ending ?? kinds[0];
  if (kind === undefined || !kinds.includes(kind)) {
    throw new InputError(
      'no-images',
      `${folder}: holds no ${ending ?? imageEndings.join(', ')} image`,
      otherImages(folder),
    );
  }
  if (!lacksChannelNumbers(folder, kind)) return { cases: listCases(folder, kind), whole: false };
  const cases = namesIn(folder, kind).map((name) => ({
    id: name.slice(0, -kind.length),
    images: [join(folder, name)],
  }));
  return { cases, whole: true };
}

/**
 * The cases at a path: one image, or a folder of them (see imagesIn).
 *
 * @throws InputError `file-not-found`, `unsupported-image`, and as imagesIn
 */
export function imagesAt(path: string, ending: ImageEnding | undefined): FoundImages {
  if (!existsSync(path)) {
    throw new InputError('file-not-found', `${path} does not exist`, 'name an image or a folder of images');
  }
  if (statSync(path).isDirectory()) return imagesIn(path, ending);
  const name = basename(path);
  const id = name.slice(0, -imageEnding(name).length).replace(/_\d{4}$/, '');
  return { cases: [{ id, images: [path] }], whole: false };
}

/** A line for a shell that gives every image of a folder the channel number 0. */
export function renameCommand(folder: string, ending: ImageEnding): string {
  const quoted = `'${folder.replaceAll("'", "'\\''")}'`;
  return `(cd ${quoted} && for f in *${ending}; do mv "$f" "\${f%${ending}}_0000${ending}"; done)`;
}

/** What a folder without the images that were looked for has instead. */
function otherImages(folder: string): string {
  const names = visibleNames(folder, RAW_LAYOUT);
  const inner = names.filter((name) => hasImages(join(folder, name)));
  if (inner.length > 0) return inner.map((name) => join(folder, name)).join(' or ');
  const kinds = endingsIn(folder);
  if (kinds.length > 0) return `it holds ${kinds.join(' and ')} images`;
  if (names.length === 0) return 'the folder is empty; name one that holds images';
  return `it holds ${names.slice(0, 5).join(', ')}; convert them to ${imageEndings.join(', ')}`;
}

function hasImages(path: string): boolean {
  try {
    return endingsIn(path).length > 0;
  } catch {
    return false;
  }
}

const bad = (message: string, hint: string) => new InputError('bad-dataset', message, hint);
