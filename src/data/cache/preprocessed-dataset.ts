import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../errors.ts';
import { readBytes } from '../../tensors/read-file.ts';
import { SafetensorsFile } from '../../tensors/safetensors-file.ts';
import { toFloat32, toInt32 } from '../../tensors/tensor.ts';
import type { LabelledSlice } from '../case.ts';
import type { Plan } from '../planning/plan.ts';
import { preprocessingDigest } from '../planning/plan-file.ts';
import { ANNOTATED, type CaseRecord, foregroundName, recordOf } from './case-file.ts';
import { type CacheIndex, cachePlan, caseFile, INDEX, PLAN } from './preprocess-dataset.ts';

/** Whether a folder is one that `archc data preprocess` writes to, rather than a data set that it reads. */
export function isCache(folder: string): boolean {
  const has = (name: string) => existsSync(join(folder, name));
  return has(INDEX) || (has(PLAN) && !has('dataset.json'));
}

/** A data set as `archc data preprocess` left it. Nothing but the index is read before it is asked for. */
export class PreprocessedDataset {
  readonly folder: string;
  readonly plan: Plan;
  /** In the order of the data set: case ids, and slices with their height and width. */
  readonly cases: CacheIndex['cases'];
  /** See preprocessingDigest. */
  readonly preprocessing: string;

  /**
   * Opens a cache.
   *
   * @throws InputError `no-cache` where there is none, or one that is not finished; `bad-cache`, `bad-plan`
   */
  constructor(folder: string) {
    const path = join(folder, INDEX);
    const plan = cachePlan(folder);
    if (!plan || !existsSync(path)) {
      throw new InputError(
        'no-cache',
        plan
          ? `${folder}: preprocessing was interrupted; ${INDEX} is missing`
          : `${folder}: is not the folder of a preprocessed data set`,
        `archc data preprocess DIR --output ${folder}`,
      );
    }
    const index = parseIndex(path);
    this.folder = folder;
    this.plan = plan;
    this.cases = index.cases;
    this.preprocessing = index.preprocessing;
    if (index.preprocessing !== preprocessingDigest(plan))
      throw bad(path, 'and plan.json do not belong together');
  }

  /**
   * Opens a case, which is to be closed.
   *
   * @param index among `cases`
   * @throws InputError `bad-cache` where its file is another one than the index tells of; as SafetensorsFile
   */
  open(index: number): CachedCase {
    const { id, inputs, shape } = this.cases[index];
    const file = new SafetensorsFile(join(this.folder, caseFile(id)));
    try {
      const record = recordOf(file);
      const same = record.inputs === inputs && record.preprocessing === this.preprocessing;
      if (!same || record.id !== id || record.shape.some((size, a) => size !== shape[a]))
        throw bad(file.path, `is not what ${INDEX} tells of; was preprocessing interrupted?`);
      return new CachedCase(file, record);
    } catch (error) {
      file.close();
      throw error;
    }
  }
}

/** A case of a cache, of which slices are read as they are asked for. */
export class CachedCase {
  readonly record: CaseRecord;
  /** Names of the places of classes but the background, or regions, that are there, in order. */
  readonly foreground: readonly string[];
  /** The name of the places of all that is annotated, where the data set ignores a value; absent where nothing is. */
  readonly annotated: string | undefined;
  readonly #file: SafetensorsFile;

  constructor(file: SafetensorsFile, record: CaseRecord) {
    this.#file = file;
    this.record = record;
    const prefix = foregroundName(0).slice(0, -1);
    const names = file.header.entries.map(({ name }) => name);
    const numbers = names.flatMap((name) =>
      name.startsWith(prefix) ? [Number(name.slice(prefix.length))] : [],
    );
    this.foreground = numbers.sort((a, b) => a - b).map(foregroundName);
    this.annotated = names.find((name) => name === ANNOTATED);
  }

  /** Slice z: image [C, H, W] and class ids [H, W], or OUTSIDE, UNKNOWN. Reads these alone. */
  slice(z: number): LabelledSlice {
    const { channels, shape } = this.record;
    const [, height, width] = shape;
    const plane = height * width;
    const image = toFloat32(this.#file.elements('image', z * channels * plane, channels * plane));
    return { channels, height, width, image, label: this.label(z) };
  }

  /** The class ids of slice z alone. */
  label(z: number): Int32Array {
    const plane = this.record.shape[1] * this.record.shape[2];
    return toInt32(this.#file.elements('label', z * plane, plane))!;
  }

  /** How many places of voxels are kept under a name: of all of them up to 10,000. */
  placeCount(name: string): number {
    return this.#file.entry(name)?.shape[0] ?? 0;
  }

  /** One of these places, which ascend, as an index into the label [D, H, W]. Reads it alone. */
  place(name: string, index: number): number {
    return (this.#file.elements(name, index, 1).data as Uint32Array)[0];
  }

  close(): void {
    this.#file.close();
  }
}

function parseIndex(path: string): CacheIndex {
  const text = new TextDecoder().decode(readBytes(path, 'the index of a preprocessed data set'));
  try {
    const index = JSON.parse(text) as CacheIndex;
    const whole = index.cases.every(
      ({ id, inputs, shape }) =>
        typeof id === 'string' &&
        typeof inputs === 'string' &&
        shape.length === 3 &&
        shape.every(Number.isSafeInteger),
    );
    if (index.version === 1 && index.cases.length > 0 && whole) return index;
  } catch {
    // Falls through to the error below.
  }
  throw bad(path, 'is not what `archc data preprocess` writes');
}

const bad = (path: string, problem: string) =>
  new InputError('bad-cache', `${path}: ${problem}`, 'preprocess the data set again, which makes it whole');
