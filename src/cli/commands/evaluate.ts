import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { checkLabelValues, type LabelClass } from '../../data/case.ts';
import { openDataset } from '../../data/dataset.ts';
import { imageEndings, readLabels } from '../../data/image.ts';
import { InputError } from '../../errors.ts';
import { evaluateDice, foregroundRegions, type LabelPair } from '../../evaluation/dice.ts';
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
      const named = options.data === undefined ? undefined : openDataset(options.data).classes;
      const pairs = pairsOf(options.predictions, options.truth, named);
      const classes = named ?? foundClasses(pairs);
      const regions = [
        ...foregroundRegions(classes),
        { name: 'all foreground', labels: classes.map((c) => c.value).filter((v) => v !== 0) },
      ];
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

function pairsOf(
  predictions: string,
  truth: string,
  classes: readonly LabelClass[] | undefined,
): LabelPair[] {
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
    if (classes) {
      checkLabelValues(join(truth, name), a.data, classes);
      checkLabelValues(path, b.data, classes);
    }
    return { id: name.replace(/\.(png|nii|nii\.gz)$/, ''), truth: a.data, prediction: b.data };
  });
}

function labelMaps(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => imageEndings.some((ending) => name.endsWith(ending)) && !name.startsWith('.'))
    .sort();
}

/** The classes of truth and predictions: one that only a prediction has counts as wrong, too. */
function foundClasses(pairs: readonly LabelPair[]): LabelClass[] {
  const values = new Set<number>([0]);
  for (const { truth, prediction } of pairs) {
    for (const ids of [truth, prediction]) for (let i = 0; i < ids.length; i++) values.add(ids[i]);
  }
  return [...values]
    .sort((a, b) => a - b)
    .map((value) => ({ value, name: value === 0 ? 'background' : `class ${value}` }));
}
