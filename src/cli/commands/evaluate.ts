import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { readDatasetInfo } from '../../data/dataset-json.ts';
import { imageEndings, readLabels } from '../../data/image.ts';
import { classIds, type LabelClass } from '../../data/labels.ts';
import { InputError } from '../../errors.ts';
import { evaluateDice, foregroundRegions, type LabelPair, wholeForeground } from '../../evaluation/dice.ts';
import { diceTable } from '../../report/dice-table.ts';
import { note, printJson, printLine } from '../terminal.ts';

interface EvaluateOptions {
  readonly predictions: string;
  readonly truth: string;
  readonly data?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('evaluate')
    .description('DSC of label maps against their truth, by class and image')
    .requiredOption('--predictions <folder>', 'label maps, <case>.png or <case>.nii.gz')
    .requiredOption('--truth <folder>', 'label maps of the same names (labelsTs)')
    .option('--data <folder>', 'data set whose dataset.json names the classes (default: those found)')
    .option('--json', 'print one JSON document on stdout')
    .action((options: EvaluateOptions) => {
      const named = options.data === undefined ? undefined : readDatasetInfo(options.data).classes;
      const maps = mapsOf(options.predictions, options.truth);
      const classes = named ?? foundClasses(maps);
      const pairs = maps.map((pair) => inClassIds(pair, classes, maps));
      const regions = [...foregroundRegions(classes), wholeForeground('all foreground', classes)];
      const report = evaluateDice(pairs, regions);
      if (options.json) {
        printJson({
          dsc: Object.fromEntries(regions.map((r, i) => [r.name, report.regionMeans[i]])),
          images: report.images.map(({ id, scores }) => ({
            id,
            dsc: Object.fromEntries(regions.map((r, i) => [r.name, scores[i].dsc])),
          })),
        });
      } else printLine(diceTable(report, regions));
    });
}

/** Truth and prediction of a case, with the values that the files hold. */
interface MapPair {
  readonly id: string;
  readonly paths: { readonly truth: string; readonly prediction: string };
  readonly truth: Int32Array;
  readonly prediction: Int32Array;
}

function mapsOf(predictions: string, truth: string): MapPair[] {
  for (const folder of [predictions, truth]) {
    if (!existsSync(folder)) {
      throw new InputError('file-not-found', `${folder} does not exist`, 'name a folder of label maps');
    }
    if (!statSync(folder).isDirectory()) {
      throw new InputError('not-a-folder', `${folder} is not a folder`, 'name a folder of label maps');
    }
  }
  const names = labelMaps(truth);
  if (names.length === 0) {
    throw new InputError(
      'no-images',
      `${truth} holds no label maps`,
      `name a folder of ${imageEndings.join(', ')} files`,
    );
  }
  const extra = labelMaps(predictions).filter((name) => !names.includes(name));
  if (extra.length > 0) note(`left out, since ${truth} has no such case: ${extra.join(', ')}`);
  return names.map((name) => {
    const path = join(predictions, name);
    if (!existsSync(path)) {
      throw new InputError(
        'missing-prediction',
        `${path} does not exist`,
        `predict all of ${truth}, or leave ${name} out`,
      );
    }
    const [a, b] = [readLabels(join(truth, name)), readLabels(path)];
    if (a.shape.join() !== b.shape.join()) {
      throw new InputError(
        'image-size',
        `${path} is ${b.shape.join('×')}, its truth ${a.shape.join('×')}`,
        'check that both belong to one image',
      );
    }
    return {
      id: name.replace(/\.(png|nii|nii\.gz)$/, ''),
      paths: { truth: join(truth, name), prediction: path },
      truth: a.data,
      prediction: b.data,
    };
  });
}

/** @throws InputError `label-values` where a map holds a value that stands for no class */
function inClassIds(pair: MapPair, classes: readonly LabelClass[], maps: readonly MapPair[]): LabelPair {
  const truths = maps.map(({ paths }) => paths.truth);
  const truth = classIds(pair.paths.truth, pair.truth, classes, truths);
  try {
    return { id: pair.id, truth, prediction: classIds(pair.paths.prediction, pair.prediction, classes) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // The truth is right, so that its classes are: it is the prediction that was written with others.
    const hint =
      'predict with weights of a run on this data set, which know its values, or --data of the right one';
    throw new InputError(error.code, error.message, hint);
  }
}

function labelMaps(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => imageEndings.some((ending) => name.endsWith(ending)) && !name.startsWith('.'))
    .sort();
}

/** The classes of truth and predictions: one that only a prediction has counts as wrong, too. */
function foundClasses(pairs: readonly MapPair[]): LabelClass[] {
  const values = new Set<number>([0]);
  for (const { truth, prediction } of pairs) {
    for (const map of [truth, prediction]) for (const value of map) values.add(value);
  }
  return [...values]
    .sort((a, b) => a - b)
    .map((value) => ({ value, name: value === 0 ? 'background' : `class ${value}` }));
}
