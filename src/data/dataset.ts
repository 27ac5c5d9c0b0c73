import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../errors.ts';
import type { CaseFiles, Expected } from './case.ts';
import { endingsIn, listCases, namesIn } from './case-files.ts';
import { checkTrainingCount, type DatasetInfo, readDatasetInfo } from './dataset-json.ts';
import type { ImageEnding } from './image.ts';
import { labellingOf } from './labelling.ts';

/** A segmentation data set in nnU-Net's raw layout (its documentation/dataset_format.md). */
export interface Dataset extends DatasetInfo {
  readonly folder: string;
  /** imagesTr with labelsTr, in the order of their ids. */
  readonly training: readonly CaseFiles[];
  /**
   * imagesTs, with labelsTs where that folder is there; empty without images in imagesTs. Only looked at when it is
   * asked for, which throws InputError `bad-dataset` where the files do not belong together.
   */
  readonly test: readonly CaseFiles[];
}

/**
 * Opens a data set: reads dataset.json and lists the cases; images are not read yet (see loadCase).
 *
 * @throws InputError `bad-dataset` when dataset.json or the files do not make a data set, or it uses what is
 *   not supported: a list of files in dataset.json
 */
export function openDataset(folder: string): Dataset {
  const info = readDatasetInfo(folder);
  const training = labelledCases(folder, 'imagesTr', 'labelsTr', info.fileEnding);
  checkTrainingCount(folder);
  return {
    ...info,
    folder,
    training,
    get test() {
      return testCases(folder, info.fileEnding);
    },
  };
}

/** What loadCase checks the cases of a data set against. */
export function expectedOf(dataset: Dataset): Expected {
  return {
    channels: dataset.channels.length,
    labelling: labellingOf(dataset),
    labelMaps: dataset.training.flatMap(({ label }) => (label === undefined ? [] : [label])),
  };
}

function testCases(folder: string, ending: ImageEnding): CaseFiles[] {
  const images = join(folder, 'imagesTs');
  if (!existsSync(images) || endingsIn(images).length === 0) return [];
  if (existsSync(join(folder, 'labelsTs'))) return labelledCases(folder, 'imagesTs', 'labelsTs', ending);
  return listCases(images, ending);
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

const bad = (message: string, hint: string) => new InputError('bad-dataset', message, hint);
