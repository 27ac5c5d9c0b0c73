import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { InputError } from '../errors.ts';
import { readBytes } from '../tensors/read-file.ts';
import type { CaseFiles, LabelClass } from './case.ts';
import { type ImageEnding, imageEndings } from './image.ts';

/** A segmentation data set in nnU-Net's raw layout (its documentation/dataset_format.md). */
export interface Dataset {
  readonly folder: string;
  readonly name: string;
  /** Channel names, in the order of the channels. */
  readonly channels: readonly string[];
  /** Classes with values 0, 1, …, background first. */
  readonly classes: readonly LabelClass[];
  readonly fileEnding: ImageEnding;
  /** imagesTr with labelsTr, in the order of their ids. */
  readonly training: readonly CaseFiles[];
  /** imagesTs, with labelsTs where that folder is there; empty without imagesTs. */
  readonly test: readonly CaseFiles[];
}

/**
 * Opens a data set: reads dataset.json and lists the cases; images are not read yet (see loadCase).
 *
 * @throws InputError `bad-dataset` when dataset.json or the files do not make a data set, or it uses what is
 *   not supported: an ignore label, region-based labels, a list of files in dataset.json
 */
export function openDataset(folder: string): Dataset {
  const path = join(folder, 'dataset.json');
  const json = readDatasetJson(path);
  const fileEnding = endingOf(path, json['file_ending']);
  const training = labelledCases(folder, 'imagesTr', 'labelsTr', fileEnding);
  const count = json['numTraining'];
  if (count !== training.length) {
    throw bad(
      `${path}: numTraining is ${JSON.stringify(count)}, but imagesTr holds ${training.length} case(s)`,
      'complete the folder or correct numTraining',
    );
  }
  const name = json['name'];
  return {
    folder,
    name: typeof name === 'string' ? name : basename(folder),
    channels: channelsOf(path, json['channel_names']),
    classes: classesOf(path, json),
    fileEnding,
    training,
    test: testCases(folder, fileEnding),
  };
}

function bad(message: string, hint: string): InputError {
  return new InputError('bad-dataset', message, hint);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readDatasetJson(path: string): Record<string, unknown> {
  const bytes = readBytes(path, 'the dataset.json of a data set in nnU-Net raw layout');
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw bad(`${path}: is not JSON (${error instanceof Error ? error.message : error})`, 'correct the file');
  }
  if (!isObject(json)) throw bad(`${path}: is not a JSON object`, 'correct the file');
  if ('dataset' in json) {
    throw bad(
      `${path}: "dataset" (a list of files) is not supported`,
      'lay the files out in imagesTr and labelsTr',
    );
  }
  return json;
}

function endingOf(path: string, value: unknown): ImageEnding {
  const ending = imageEndings.find((known) => known === value);
  if (ending === undefined) {
    throw bad(
      `${path}: file_ending is ${JSON.stringify(value)}; supported are ${imageEndings.join(', ')}`,
      'convert the images to one of these',
    );
  }
  return ending;
}

function channelsOf(path: string, value: unknown): string[] {
  const hint = 'write for example "channel_names": {"0": "R", "1": "G", "2": "B"}';
  if (!isObject(value)) throw bad(`${path}: channel_names is missing or not an object`, hint);
  const names = Object.keys(value).map((_, index) => value[String(index)]);
  if (names.length === 0 || !names.every((name) => typeof name === 'string')) {
    throw bad(`${path}: channel_names must map "0", "1", … to names; found ${JSON.stringify(value)}`, hint);
  }
  return names;
}

function classesOf(path: string, json: Record<string, unknown>): LabelClass[] {
  const labels = json['labels'];
  const hint = 'write for example "labels": {"background": 0, "interior": 1}';
  if (!isObject(labels)) throw bad(`${path}: labels is missing or not an object`, hint);
  if ('regions_class_order' in json || Object.values(labels).some(Array.isArray)) {
    throw bad(`${path}: region-based labels are not supported`, 'give each class one value');
  }
  if ('ignore' in labels) throw bad(`${path}: an ignore label is not supported`, 'annotate the images fully');
  const classes = Object.entries(labels)
    .map(([name, value]) => ({ name, value: Number(value) }))
    .sort((a, b) => a.value - b.value);
  const consecutive = classes.every(({ value }, index) => value === index);
  if (classes.length < 2 || !consecutive || classes[0].name !== 'background') {
    throw bad(
      `${path}: labels must be background = 0 and at least one class, numbered without gaps; found ${JSON.stringify(labels)}`,
      hint,
    );
  }
  return classes;
}

function testCases(folder: string, ending: ImageEnding): CaseFiles[] {
  if (!existsSync(join(folder, 'imagesTs'))) return [];
  if (existsSync(join(folder, 'labelsTs'))) return labelledCases(folder, 'imagesTs', 'labelsTs', ending);
  return listCases(join(folder, 'imagesTs'), ending);
}

function labelledCases(folder: string, images: string, labels: string, ending: ImageEnding): CaseFiles[] {
  const cases = listCases(join(folder, images), ending);
  const present = new Set(namesIn(join(folder, labels), ending));
  const withLabels = cases.map((files) => {
    const label = join(folder, labels, files.id + ending);
    if (!present.delete(files.id + ending)) {
      throw bad(`${label}: missing, the label of ${files.images[0]}`, 'add the label or remove the image');
    }
    return { ...files, label };
  });
  for (const name of present) {
    const image = join(folder, images, `${name.slice(0, -ending.length)}_0000${ending}`);
    throw bad(
      `${image}: missing, the image of ${join(folder, labels, name)}`,
      'add the image or remove the label',
    );
  }
  return withLabels;
}

/**
 * The cases in a folder of images named `<case>_0000<ending>`, `<case>_0001<ending>`, …, in the order of
 * their ids.
 *
 * @throws InputError `bad-dataset` when there are none, a name has no channel number or a channel is missing
 */
export function listCases(folder: string, ending: ImageEnding): CaseFiles[] {
  const channels = new Map<string, string[]>();
  for (const name of namesIn(folder, ending)) {
    const match = /^(.+)_(\d{4})$/.exec(name.slice(0, -ending.length));
    if (match === null) {
      throw bad(
        `${join(folder, name)}: the name does not end in a channel number`,
        `rename it to <case>_0000${ending}`,
      );
    }
    const [, id, channel] = match;
    const files = channels.get(id) ?? [];
    channels.set(id, files);
    // Names come sorted, so that the channels of a case come in order.
    if (Number(channel) !== files.length) {
      const missing = `${id}_${String(files.length).padStart(4, '0')}${ending}`;
      throw bad(`${join(folder, missing)}: missing, while ${name} is there`, 'add the missing channel');
    }
    files.push(join(folder, name));
  }
  if (channels.size === 0) throw bad(`${folder}: holds no image <case>_0000${ending}`, 'check the folder');
  return [...channels].map(([id, images]) => ({ id, images }));
}

/** Names of the files with an ending, sorted by UTF-16 code units whatever the machine's language is. */
function namesIn(folder: string, ending: ImageEnding): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(ending) && !name.startsWith('.'))
      .sort();
  } catch {
    throw bad(
      `${folder}: is missing or not a folder that can be read`,
      'nnU-Net raw layout has imagesTr and labelsTr',
    );
  }
}
