import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { InputError } from '../errors.ts';
import { readBytes } from '../tensors/read-file.ts';
import { endingsIn, lacksChannelNumbers, namesIn, renameCommand } from './case-files.ts';
import { channelProblem, channelsOf } from './channel-names.ts';
import { type ImageEnding, imageEndings } from './image.ts';
import { labelProblems, labelsOf } from './label-names.ts';
import type { Labelling } from './labelling.ts';

/** What dataset.json says. */
export interface DatasetInfo extends Labelling {
  readonly name: string;
  /** Channel names, in the order of the channels. */
  readonly channels: readonly string[];
  readonly fileEnding: ImageEnding;
}

/** Something that dataset.json lacks or has wrong, and the entry as it should be. */
export interface Problem {
  readonly text: string;
  readonly key: 'channel_names' | 'labels' | 'regions_class_order' | 'numTraining' | 'file_ending';
  readonly value: unknown;
}

export type Json = Readonly<Record<string, unknown>>;

/** Entries of the Medical Segmentation Decathlon's older form, which a corrected dataset.json does without. */
const OLD = ['modality', 'tensorImageSize', 'training', 'test', 'numTest'];

/**
 * Reads the dataset.json of a folder in nnU-Net's raw layout. What is wrong is reported at once, with the entries, or
 * the whole file, as they should be.
 *
 * @throws InputError `file-not-found`, `bad-dataset`
 */
export function readDatasetInfo(folder: string): DatasetInfo {
  const path = join(folder, 'dataset.json');
  const json = readJson(folder, path);
  const problems = [
    channelProblem(folder, json),
    ...labelProblems(folder, json),
    endingProblem(folder, json),
  ].filter((p) => p !== undefined);
  if (problems.length > 0) {
    const count = existsSync(join(folder, 'imagesTr')) ? countProblem(folder, json) : undefined;
    throw asError(folder, path, json, count ? [...problems, count] : problems);
  }
  const name = json['name'];
  return {
    name: typeof name === 'string' ? name : basename(folder),
    channels: channelsOf(json),
    ...labelsOf(json),
    fileEnding: json['file_ending'] as ImageEnding,
  };
}

/**
 * Checks that dataset.json counts as many training cases as there are.
 *
 * @throws InputError `bad-dataset`
 */
export function checkTrainingCount(folder: string): void {
  const path = join(folder, 'dataset.json');
  const json = readJson(folder, path);
  const problem = countProblem(folder, json);
  if (problem) throw asError(folder, path, json, [problem]);
}

function readJson(folder: string, path: string): Json {
  if (!existsSync(path)) throw missing(folder, path);
  const bytes = readBytes(path, 'the dataset.json of a data set in nnU-Net raw layout');
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw bad(`${path}: is not JSON (${error instanceof Error ? error.message : error})`, 'correct the file');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw bad(`${path}: is not a JSON object`, 'correct the file');
  }
  if ('dataset' in json) {
    throw bad(
      `${path}: "dataset" (a list of files) is not supported`,
      'lay the files out in imagesTr and labelsTr',
    );
  }
  return json as Json;
}

/** A folder of data sets, or one whose dataset.json can be written from its files. */
function missing(folder: string, path: string): InputError {
  const message = `${path}: no such file; expected the dataset.json of a data set in nnU-Net raw layout`;
  const inner = foldersIn(folder).filter((name) => existsSync(join(folder, name, 'dataset.json')));
  if (inner.length > 0) {
    return new InputError('file-not-found', message, inner.map((name) => join(folder, name)).join(' or '));
  }
  if (!existsSync(join(folder, 'imagesTr')))
    return new InputError('file-not-found', message, 'check the path');
  const problems = [
    channelProblem(folder, {}),
    ...labelProblems(folder, {}),
    endingProblem(folder, {}),
    countProblem(folder, {}),
  ].filter((p) => p !== undefined);
  const text = `${path}, with your own names:\n${corrected({}, problems)}`;
  return new InputError('file-not-found', message, text);
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function endingProblem(folder: string, json: Json): Problem | undefined {
  const found = json['file_ending'];
  if (imageEndings.some((known) => known === found)) return undefined;
  const text =
    found === undefined
      ? 'file_ending is missing'
      : `file_ending is ${JSON.stringify(found)}; supported are ${imageEndings.join(', ')}`;
  const value = likelyEnding(folder, found);
  if (value === undefined) {
    throw bad(`${join(folder, 'dataset.json')}: ${text}`, 'convert the images to one of these');
  }
  return { text, key: 'file_ending', value };
}

/** The kind that is meant by an ending, or that the folder has. */
function likelyEnding(folder: string, given: unknown): ImageEnding | undefined {
  const plain = String(given ?? '')
    .trim()
    .toLowerCase();
  const meant = imageEndings.find((known) => known === plain || known === `.${plain}`);
  if (meant !== undefined) return meant;
  const images = join(folder, 'imagesTr');
  return existsSync(images) ? endingsIn(images)[0] : undefined;
}

function countProblem(folder: string, json: Json): Problem | undefined {
  const found = json['numTraining'];
  const images = join(folder, 'imagesTr');
  const ending = likelyEnding(folder, json['file_ending']);
  if (ending === undefined) return undefined;
  const names = namesIn(images, ending).map((name) => name.slice(0, -ending.length));
  const value = new Set(
    lacksChannelNumbers(images, ending) ? names : names.map((name) => name.replace(/_\d{4}$/, '')),
  ).size;
  if (found === value) return undefined;
  const says = found === undefined ? 'numTraining is missing' : `numTraining is ${JSON.stringify(found)}`;
  return { text: `${says}, but imagesTr holds ${value} case(s)`, key: 'numTraining', value };
}

function asError(folder: string, path: string, json: Json, problems: readonly Problem[]): InputError {
  const message = `${path}: ${problems.map(({ text }) => text).join('\n  ')}`;
  const old = OLD.some((key) => key in json && key !== 'test' && key !== 'training');
  if (problems.length === 1 && !old) {
    const [{ key, value }] = problems;
    return bad(message, `${JSON.stringify(key)}: ${inline(value)}`);
  }
  const form = old ? ' (this one has the older form of the Medical Segmentation Decathlon)' : '';
  return bad(message, `${path} as follows${form}:\n${corrected(json, problems)}${fileNames(folder, json)}`);
}

/** All of a dataset.json, with what was wrong set right. */
function corrected(json: Json, problems: readonly Problem[]): string {
  const entries = Object.fromEntries(problems.map(({ key, value }) => [key, value]));
  const kept = Object.entries(json).filter(([key]) => !OLD.includes(key));
  const lines = Object.entries({ ...Object.fromEntries(kept), ...entries }).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${inline(value)}`,
  );
  return `{\n${lines.join(',\n')}\n}`;
}

function inline(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, v]) => `${JSON.stringify(key)}: ${JSON.stringify(v)}`);
  return `{${entries.join(', ')}}`;
}

/** The Decathlon's images have no channel numbers, and volumes of several modalities are one file. */
function fileNames(folder: string, json: Json): string {
  const modality = json['modality'];
  if (typeof modality === 'object' && modality !== null && Object.keys(modality).length > 1) {
    return `\nand each of its volumes of ${Object.keys(modality).length} modalities as a file a modality, <case>_0000, <case>_0001, … (nnU-Net's nnUNetv2_convert_MSD_dataset does both)`;
  }
  const ending = likelyEnding(folder, json['file_ending']);
  const commands = ['imagesTr', 'imagesTs']
    .map((name) => join(folder, name))
    .filter((images) => ending !== undefined && existsSync(images) && lacksChannelNumbers(images, ending))
    .map((images) => renameCommand(images, ending!));
  return commands.length === 0 ? '' : `\nand the images as <case>_0000${ending}:\n${commands.join('\n')}`;
}

const bad = (message: string, hint: string) => new InputError('bad-dataset', message, hint);
