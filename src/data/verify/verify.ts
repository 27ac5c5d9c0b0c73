import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../errors.ts';
import { endingsIn, namesIn, splitChannel } from '../case-files.ts';
import { checkTrainingCount, type DatasetInfo, readDatasetInfo } from '../dataset-json.ts';
import { besideImage, type ImageEnding, imageKind, readImage, readLabelValues } from '../image.ts';
import { paintingRemarks } from '../labelling.ts';
import { type Placed, placeDifference } from '../placement.ts';
import { fileProblems } from './files.ts';
import type { Problem } from './problem.ts';
import { imageValueProblems, labelValueProblems } from './voxels.ts';

/** All that is wrong with a data set. */
export interface Verification {
  readonly problems: readonly Problem[];
  /** Files that were read: images, labels. */
  readonly images: number;
  readonly labels: number;
}

interface Opened extends Placed {
  readonly channels: number;
  readonly data: Float32Array;
}

/**
 * Looks for everything that is wrong with a data set in nnU-Net's raw layout: names, headers, values. Every file is read,
 * one case at a time; what is found does not end the search.
 *
 * @param onCase called after each case
 */
export function verifyDataset(
  folder: string,
  onCase: (done: number, total: number, id: string) => void = () => {},
): Verification {
  const problems: Problem[] = [];
  const attempt = <T>(kind: string, file: string, work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      // Most messages begin with the file, which stands before what was found anyway.
      const found = error.message.startsWith(`${file}: `)
        ? error.message.slice(file.length + 2)
        : error.message;
      problems.push({ kind, severity: 'error', file, found, hint: error.hint ?? '' });
      return undefined;
    }
  };
  const json = join(folder, 'dataset.json');
  const info = attempt('dataset-json', json, () => readDatasetInfo(folder));
  if (info) attempt('dataset-json', json, () => checkTrainingCount(folder));
  const parts = partsOf(folder);
  const ending = info?.fileEnding ?? attempt('files', folder, () => endingsIn(parts[0].images)[0]);
  if (ending === undefined) return { problems, images: 0, labels: 0 };
  const search = new Search(info, ending, problems, attempt);
  const cases = parts.flatMap((part) =>
    (attempt('files', part.images, () => search.names(part)) ?? []).map((found) => ({ ...found, part })),
  );
  cases.forEach(({ id, images, part }, i) => {
    search.look(id, images, part);
    onCase(i + 1, cases.length, id);
  });
  search.unusedClasses(json);
  const painted = info && attempt('dataset-json', json, () => paintingRemarks(info));
  for (const found of painted ?? []) {
    const hint =
      'larger regions first, and for each in regions_class_order a value of it that is in no later one';
    problems.push({ kind: 'region-order', severity: 'warning', file: json, found, hint });
  }
  return { problems, images: search.images, labels: search.labels };
}

interface Part {
  readonly name: 'training' | 'test';
  readonly images: string;
  /** Absent where test cases have no labels. */
  readonly labels: string | undefined;
}

function partsOf(folder: string): Part[] {
  const training: Part = {
    ...{ name: 'training', images: join(folder, 'imagesTr'), labels: join(folder, 'labelsTr') },
  };
  const [images, labels] = [join(folder, 'imagesTs'), join(folder, 'labelsTs')];
  if (!existsSync(images)) return [training];
  return [training, { name: 'test', images, labels: existsSync(labels) ? labels : undefined }];
}

type Attempt = <T>(kind: string, file: string, work: () => T) => T | undefined;

class Search {
  images = 0;
  labels = 0;
  readonly #info: DatasetInfo | undefined;
  readonly #ending: ImageEnding;
  readonly #problems: Problem[];
  readonly #attempt: Attempt;
  /** By digest of the voxels, the first case with them. */
  readonly #seen = new Map<string, { readonly path: string; readonly part: Part['name'] }>();
  readonly #values = new Set<number>();

  constructor(info: DatasetInfo | undefined, ending: ImageEnding, problems: Problem[], attempt: Attempt) {
    this.#info = info;
    this.#ending = ending;
    this.#problems = problems;
    this.#attempt = attempt;
  }

  /** Reports what is wrong with names; the cases that there are, with the images that they have. */
  names({ images, labels }: Part): { id: string; images: string[] }[] {
    const ending = this.#ending;
    const stems = namesIn(images, ending).map((name) => name.slice(0, -ending.length));
    this.#problems.push(...fileProblems(images, labels, ending, this.#filesOf(images, stems)));
    const cases = new Map<string, string[]>();
    for (const stem of stems) {
      const id = splitChannel(stem)?.id ?? stem;
      cases.set(id, [...(cases.get(id) ?? []), join(images, stem + ending)]);
    }
    return [...cases].map(([id, files]) => ({ id, images: files }));
  }

  /** Images of a case: one a channel or, where images are RGB, one for three. */
  #filesOf(folder: string, stems: readonly string[]): number {
    const channels = this.#info?.channels.length;
    if (channels === undefined) {
      return Math.max(1, ...stems.map((stem) => (splitChannel(stem)?.channel ?? 0) + 1));
    }
    for (const stem of imageKind(this.#ending) === 'NIfTI' ? [] : stems) {
      try {
        const found = readImage(join(folder, stem + this.#ending)).channels;
        return channels % found === 0 ? channels / found : channels;
      } catch {
        // It is reported when its turn comes; the next one may tell.
      }
    }
    return channels;
  }

  /** Reads a case and reports what is wrong with its images and its label. */
  look(id: string, paths: readonly string[], { name, labels }: Part): void {
    const opened = paths.flatMap((path) => {
      const image = this.#attempt('unreadable', path, () => readImage(path));
      if (!image) return [];
      this.images++;
      this.#problems.push(...imageValueProblems(path, image.data));
      this.#spacing(path, image);
      return [{ path, image }];
    });
    for (const { path, image } of opened.slice(1))
      this.#compare(path, image, opened[0].path, opened[0].image);
    const channels = opened.reduce((sum, { image }) => sum + image.channels, 0);
    const wanted = this.#info?.channels.length ?? channels;
    if (opened.length === paths.length && channels !== wanted) {
      const hint = 'dataset.json names the channels; an RGB image has three, one with transparency has four';
      this.#report('image-channels', 'error', paths[0], `${channels} channels, expected are ${wanted}`, hint);
    }
    if (opened.length === paths.length) this.#double(opened, name);
    const path = labels === undefined ? undefined : join(labels, id + this.#ending);
    if (path === undefined || !existsSync(path)) return;
    const label = this.#attempt('unreadable', path, () => openLabel(path));
    if (!label) return;
    this.labels++;
    if (opened.length > 0) this.#compare(path, label, opened[0].path, opened[0].image);
    for (const value of label.data) this.#values.add(value);
    if (this.#info) this.#problems.push(...labelValueProblems(path, label.data, this.#info));
  }

  /** Classes that no label map shows; nothing is said where none could be read. */
  unusedClasses(json: string): void {
    if (!this.#info || this.labels === 0) return;
    const unused = this.#info.classes.filter(({ value }) => value !== 0 && !this.#values.has(value));
    for (const { name, value } of unused) {
      const hint =
        'a network does not learn what it never sees: leave the class out, or add cases that show it';
      this.#report('unused-class', 'warning', json, `no label map holds ${value} (${name})`, hint);
    }
  }

  /** Of a NIfTI volume the header has the size of voxels; of a TIFF volume it stands beside it. */
  #spacing(path: string, { shape }: Opened): void {
    if (shape[0] === 1 || imageKind(path) !== 'TIFF' || besideImage(path) !== undefined) return;
    const hint = `{"spacing": [z, y, x]} in ${path.replace(/(_\d{4})?\.tiff?$/, '')}.json`;
    const found = 'is a volume, and nothing says how large its voxels are: they are taken for cubes of 1 mm';
    this.#report('no-spacing', 'warning', path, found, hint);
  }

  #report(kind: string, severity: Problem['severity'], file: string, found: string, hint: string): void {
    this.#problems.push({ kind, severity, file, found, hint });
  }

  /** Size, voxels and place of a file against the first image of its case. */
  #compare(path: string, own: Opened, otherPath: string, other: Opened): void {
    const difference = placeDifference(own, otherPath, other);
    if (difference) this.#report(difference.kind, 'error', path, difference.found, difference.hint);
  }

  #double(opened: readonly { readonly path: string; readonly image: Opened }[], part: Part['name']): void {
    const hash = createHash('sha256');
    for (const { image } of opened) hash.update(JSON.stringify(image.shape)).update(image.data);
    const digest = hash.digest('hex');
    const first = this.#seen.get(digest);
    const [{ path }] = opened;
    if (!first) {
      this.#seen.set(digest, { path, part });
      return;
    }
    const found = `has the voxels of ${first.path}`;
    if (first.part === part)
      this.#report('double', 'warning', path, found, 'remove one of them: what is there twice counts twice');
    else
      this.#report(
        'test-in-training',
        'error',
        path,
        found,
        'a test case must not be trained on: remove one',
      );
  }
}

/** The values as they are stored, whatever they are. */
function openLabel(path: string): Opened {
  const { data, ...rest } = readLabelValues(path);
  return { channels: 1, ...rest, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}
