import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { readDatasetInfo } from '../../data/dataset-json.ts';
import { readLabels } from '../../data/image.ts';
import { caseId, labelMapsIn, type PlacedLabels, readAlongside } from '../../data/label-pairs.ts';
import { foregroundGroups, type Labelling } from '../../data/labelling.ts';
import { classIds } from '../../data/labels.ts';
import { InputError } from '../../errors.ts';
import { type JudgedOptions, judgedRegions, type ToleranceEntry } from '../../evaluation/judged-regions.ts';
import { type JudgedRegion, type MetricName, scoreCase } from '../../evaluation/metrics.ts';
import { presets } from '../../evaluation/presets.ts';
import { comparePaired, type Evaluation, evaluationOf, type ScoredCase } from '../../evaluation/report.ts';
import { comparisonJson, evaluationCsv, evaluationJson } from '../../report/evaluation-files.ts';
import { comparisonTable, evaluationMarkdown, metricTables } from '../../report/evaluation-tables.ts';
import { terminalTable } from '../../report/text-table.ts';
import { writeFileAtomic } from '../../tensors/atomic-file.ts';
import { checkWritable } from '../../tensors/output-path.ts';
import { listed, metricList, toleranceList } from '../evaluation-options.ts';
import { startProgress } from '../progress.ts';
import { note, printJson, printLine } from '../terminal.ts';

interface EvaluateOptions {
  readonly predictions: string;
  readonly truth: string;
  readonly data?: string;
  readonly metrics: readonly MetricName[];
  readonly tolerance: readonly ToleranceEntry[];
  readonly truthSlices?: readonly string[];
  readonly instances?: string;
  readonly instanceLabel?: string;
  readonly instanceBoundary?: string;
  readonly compare?: string;
  readonly csv?: string;
  readonly markdown?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('evaluate')
    .description('label maps against their truth, by case and label: DSC, NSD, HD95, F1 of instances')
    .requiredOption('--predictions <folder>', 'label maps: <case>.png, .nii.gz, .nii, .tif or .tiff')
    .requiredOption('--truth <folder>', 'label maps of the same names (labelsTs)')
    .option(
      '--data <folder>',
      'data set whose dataset.json names the classes or regions (default: the classes found)',
    )
    .addOption(
      new Option('--metrics <list>', 'of dsc, nsd, hd95, f1, separated by commas')
        .argParser(metricList)
        .default(['dsc'], 'dsc'),
    )
    .addOption(
      new Option(
        '--tolerance <mm>',
        `of NSD: mm for all labels, by label (liver=5,spleen=3), or a preset (${Object.keys(presets).join(', ')})`,
      )
        .argParser(toleranceList)
        .default([], 'none'),
    )
    .option(
      '--truth-slices <labels>',
      "labels judged only on the slices that the truth covers (default: the preset's)",
      listed,
    )
    .option('--instances <folder>', 'maps of the true instances, for F1 (default: components of the truth)')
    .option('--instance-label <name>', 'the label that --instances belongs to (default: the first)')
    .option(
      '--instance-boundary <name>',
      'the label around instances: its pixels join the nearest one before F1 is taken',
    )
    .option('--compare <folder>', 'second predictions: differences with a paired test')
    .option('--csv <file>', 'write every case, label and metric as CSV')
    .option('--markdown <file>', 'write the tables as Markdown')
    .option('--json', 'print one JSON document on stdout')
    .action(evaluate);
}

function evaluate(options: EvaluateOptions): void {
  checkCombination(options);
  for (const path of [options.csv, options.markdown]) if (path !== undefined) checkWritable(path);
  const folders = [options.predictions, ...(options.compare === undefined ? [] : [options.compare])];
  const names = casesOf(options, folders);
  const labelling =
    options.data === undefined
      ? foundClasses([options.truth, ...folders], names)
      : readDatasetInfo(options.data);
  const regions = judgedRegions(labelling, judgedOptions(options, labelling));
  const cases = scoreAll(options, folders, names, labelling, regions);
  const evaluations = folders.map((folder, i) => evaluationOf(folder, regions, cases[i]));
  report(options, regions, evaluations);
}

/** @throws InputError `unused-option` for options that would say nothing */
function checkCombination(options: EvaluateOptions): void {
  const { metrics, tolerance, instances, instanceLabel, instanceBoundary } = options;
  const unused = (option: string, needed: string) =>
    new InputError(
      'unused-option',
      `${option} says nothing without ${needed}`,
      `add ${needed}, or leave it out`,
    );
  const preset = tolerance.some((entry) => 'preset' in entry);
  if (tolerance.length > 0 && !preset && !metrics.includes('nsd'))
    throw unused('--tolerance', `--metrics ${[...metrics, 'nsd'].join(',')}`);
  if (instances !== undefined && !metrics.includes('f1'))
    throw unused('--instances', `--metrics ${[...metrics, 'f1'].join(',')}`);
  if (instanceBoundary !== undefined && !metrics.includes('f1'))
    throw unused('--instance-boundary', `--metrics ${[...metrics, 'f1'].join(',')}`);
  if (instanceLabel !== undefined && instances === undefined && instanceBoundary === undefined)
    throw unused('--instance-label', '--instances FOLDER or --instance-boundary NAME');
}

function judgedOptions(options: EvaluateOptions, labelling: Labelling): JudgedOptions {
  const { metrics, tolerance, truthSlices, instances, instanceLabel, instanceBoundary } = options;
  return {
    metrics,
    tolerances: tolerance,
    ...(truthSlices && { truthSlices }),
    ...((instances !== undefined || instanceBoundary !== undefined) && {
      instanceLabel: instanceLabel ?? foregroundGroups(labelling)[0]?.name,
    }),
    ...(instanceBoundary !== undefined && { instanceBoundary }),
  };
}

/**
 * Names of the label maps of all cases; each is there in all folders.
 *
 * @throws InputError as labelMapsIn; `missing-prediction`
 */
function casesOf({ truth, instances }: EvaluateOptions, folders: readonly string[]): string[] {
  const names = labelMapsIn(truth);
  const found = [...folders, ...(instances === undefined ? [] : [instances])].map(
    (folder) => [folder, labelMapsIn(folder)] as const,
  );
  for (const [folder, there] of found) {
    const extra = there.filter((name) => !names.includes(name));
    if (extra.length > 0) note(`left out of ${folder}, since ${truth} has no such case: ${extra.join(', ')}`);
    const missing = names.find((name) => !there.includes(name));
    if (missing !== undefined) {
      throw new InputError(
        'missing-prediction',
        `${join(folder, missing)} does not exist`,
        `${folder === instances ? 'add' : 'predict'} all of ${truth}, or leave ${missing} out`,
      );
    }
  }
  return names;
}

/** The classes of truth and predictions: one that only a prediction has counts as wrong, too. */
function foundClasses(folders: readonly string[], names: readonly string[]): Labelling {
  const values = new Set<number>([0]);
  for (const folder of folders) {
    for (const name of names) for (const value of readLabels(join(folder, name)).data) values.add(value);
  }
  const classes = [...values]
    .sort((a, b) => a - b)
    .map((value) => ({ value, name: value === 0 ? 'background' : `class ${value}` }));
  return { classes };
}

/** The scores of every folder's predictions, one case after the other. */
function scoreAll(
  options: EvaluateOptions,
  folders: readonly string[],
  names: readonly string[],
  labelling: Labelling,
  regions: readonly JudgedRegion[],
): ScoredCase[][] {
  const truths = names.map((name) => join(options.truth, name));
  const scored = folders.map((): ScoredCase[] => []);
  const progress = startProgress('evaluating', names.length, options.json);
  try {
    for (const [i, name] of names.entries()) {
      const placed: PlacedLabels = { path: truths[i], labels: readLabels(truths[i]) };
      const { shape, spacing, data } = placed.labels;
      const truth = classIds(truths[i], data, labelling, truths);
      const instances =
        options.instances === undefined
          ? undefined
          : readAlongside(join(options.instances, name), placed).data;
      for (const [f, folder] of folders.entries()) {
        const prediction = predictedIds(join(folder, name), placed, labelling);
        const judged = { shape, spacing, truth, prediction, ...(instances && { instances }) };
        scored[f].push({ id: caseId(name), scores: scoreCase(judged, regions) });
      }
      progress.update(i + 1, names.length, caseId(name));
    }
  } finally {
    progress.stop();
  }
  return scored;
}

/** @throws InputError as readAlongside; `label-values` where a map holds a value of no class, also that which is ignored */
function predictedIds(path: string, truth: PlacedLabels, { classes }: Labelling): Int32Array {
  const { data } = readAlongside(path, truth);
  try {
    return classIds(path, data, { classes });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // The truth is right, so that its classes are: it is the prediction that was written with others.
    const hint =
      'predict with weights of a run on this data set, which know its values, or --data of the right one';
    throw new InputError(error.code, error.message, hint);
  }
}

function report(
  options: EvaluateOptions,
  regions: readonly JudgedRegion[],
  evaluations: readonly Evaluation[],
): void {
  const [first, second] = evaluations;
  const comparisons = second === undefined ? [] : comparePaired(first, second);
  const judged = regions.filter(({ together }) => !together);
  const tolerances = judged.flatMap(({ name, tolerance }) =>
    tolerance === undefined ? [] : [[name, tolerance] as const],
  );
  const sliced = judged.flatMap(({ name, truthSlices }) => (truthSlices ? [name] : []));
  if (options.csv !== undefined) writeFileAtomic(options.csv, evaluationCsv(evaluations));
  if (options.markdown !== undefined) {
    const used = options.tolerance.flatMap((entry) => ('preset' in entry ? [entry.preset] : []));
    const facts = [
      `truth: ${options.truth}`,
      ...evaluations.map(({ predictions }) => `predictions: ${predictions}`),
      ...(options.metrics.includes('nsd')
        ? [`tolerance of NSD (mm): ${tolerances.map(([name, mm]) => `${name} ${mm}`).join(', ')}`]
        : []),
      ...used.map((preset) => `${preset}: ${presets[preset].source}`),
      ...(sliced.length > 0 ? [`judged only on slices that the truth covers: ${sliced.join(', ')}`] : []),
      'deviation: sample standard deviation (n − 1)',
    ];
    writeFileAtomic(options.markdown, evaluationMarkdown(facts, evaluations, comparisons));
  }
  if (options.json) {
    printJson({
      ...evaluationJson(first),
      ...(options.metrics.includes('nsd') && { tolerance: Object.fromEntries(tolerances) }),
      ...(sliced.length > 0 && { truth_slices: sliced }),
      ...(second && { compared: evaluationJson(second), comparison: comparisonJson(comparisons) }),
    });
    return;
  }
  for (const evaluation of evaluations) {
    if (second !== undefined) printLine(`${evaluation.predictions}\n`);
    printLine(metricTables(evaluation).map(terminalTable).join('\n\n'));
    if (second !== undefined) printLine();
  }
  if (second !== undefined)
    printLine(terminalTable(comparisonTable(first.predictions, second.predictions, comparisons)));
}
