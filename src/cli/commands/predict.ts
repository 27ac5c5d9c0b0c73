import { join } from 'node:path';
import type { Command } from 'commander';
import { FILE_ORDER, orderOf, permuted } from '../../data/axes.ts';
import { imagesAt } from '../../data/case-files.ts';
import { type ImageEnding, imageEnding } from '../../data/image.ts';
import {
  type Labelling,
  labellingOfOutput,
  labellingText,
  paintedIds,
  targetOfLabels,
} from '../../data/labelling.ts';
import { readVolume } from '../../data/planning/volume.ts';
import { preparedBytes, type Reading } from '../../data/prepared-case.ts';
import { dataRemarks } from '../../data/remarks.ts';
import { InputError } from '../../errors.ts';
import type { ElaboratedModel } from '../../language/model.ts';
import { showPath } from '../../language/values.ts';
import { checkFolderWritable, makeFolder } from '../../tensors/output-path.ts';
import { inputsAsTrained } from '../../training/image-inputs.ts';
import { checkSegmentation, Segmenter, withHead } from '../../training/predict.ts';
import { MAX_BESIDE, predictCases } from '../../training/predict-cases.ts';
import { releaseMemory } from '../../training/release-memory.ts';
import { imageShape } from '../../training/task.ts';
import { readTrainedOn, type TrainedOn } from '../../training/trained-on.ts';
import { readWeights } from '../../training/weights-file.ts';
import { type BackendOptions, openBackend, withBackendOptions } from '../device-options.ts';
import { integer, type ModelOptions, number, withModelOptions } from '../options.ts';
import { startProgress } from '../progress.ts';
import { withPrecision } from '../target-options.ts';
import { note, printJson, printLine } from '../terminal.ts';
import { openForCommand } from '../warnings.ts';
import { chosenBy, requiredWeights, type WeightsOptions, withWeightsOptions } from '../weights.ts';

interface PredictOptions extends ModelOptions, BackendOptions, WeightsOptions {
  readonly input: string;
  readonly output: string;
  readonly windows: number;
  readonly step: number;
  readonly mirror?: boolean;
  readonly head?: string;
  readonly ending?: ImageEnding;
}

export function register(program: Command): void {
  withPrecision(withBackendOptions(withWeightsOptions(withModelOptions(program.command('predict')))))
    .description('segment images of any size: a window slides over them, logits are averaged')
    .argument(
      '<spec...>',
      'a spec, or the folder of a run: its spec, parameters and weights; of several runs (folds) the mean of their probabilities',
    )
    .requiredOption(
      '--input <path>',
      'an image, or a folder: <case>_0000, <case>_0001, … a file a channel, or <case> in one file',
    )
    .requiredOption('--output <folder>', 'where label maps go, each as the kind of file that its image is')
    .option('--windows <n>', 'windows run at once', integer('--windows', 1), 4)
    .option('--step <share>', 'from window to window, as a share of its size', number('--step', 0.01, 1), 0.5)
    .option('--mirror', 'average with mirrored windows along both axes: four times the work')
    .option('--head <output>', 'output that predicts (default: the first), with the classes of its `target`')
    .option('--ending <ending>', 'kind of the images in a folder that has several', imageEnding)
    .action(async (specs: string[], options: PredictOptions) => {
      const networks = openNetworks(specs, options);
      const [{ trainedOn, labelling, channels }] = networks;
      const { plan, transpose_forward: order = FILE_ORDER } = trainedOn ?? {};
      const readings: Reading[] = networks.map((network) => network.trainedOn ?? {});
      const { cases: files, whole } = imagesAt(options.input, options.ending);
      checkFolderWritable(options.output);
      // All images are looked at before the first is segmented: a bad one leaves nothing half done.
      const geometries = files.map((file) => {
        const { shape, spacing } = readVolume(file, { channels });
        const own = orderOf(shape, order);
        const each = readings.map((one) => preparedBytes({ shape, spacing }, channels, one.plan));
        const bytes = Math.max(...each);
        if (bytes > MAX_BESIDE) releaseMemory();
        return { depth: permuted(shape, own)[0], spacing: permuted(spacing, own), bytes };
      });
      // By a plan all is done that these tell of.
      const remarks = plan
        ? []
        : dataRemarks(trainedOn?.channels ?? [], geometries, order, trainedOn?.pixels);
      if (whole)
        remarks.unshift('no name has a channel number (_0000): each file is a case with all its channels');
      for (const remark of remarks) note(`data: ${remark}`);
      const cases = files.map((file, i) => {
        const path = join(options.output, `${file.id}${imageEnding(file.images[0])}`);
        return { files: file, path, bytes: geometries[i].bytes };
      });
      const backend = await openBackend(options);
      const undo = makeFolder(options.output);
      const progress = startProgress('segmenting', files.length, options.json);
      try {
        const segmenters: Segmenter[] = [];
        const painted = labelling && paintedIds(labelling);
        for (const { model, weights, inputs } of networks)
          segmenters.push(await Segmenter.create(backend, model, weights, inputs, painted));
        await predictCases(cases, {
          ...{ segmenters, readings, channels, step: options.step, mirror: options.mirror },
          classes: labelling?.classes,
          onWritten: (i) => progress.update(i + 1, files.length, files[i].id),
        });
        for (const segmenter of segmenters) segmenter.destroy();
        progress.stop();
        const warnings = networks.flatMap((network) => network.warnings);
        const written = cases.map(({ path }) => path);
        if (options.json)
          printJson({ predictions: written, backend: backend.description, remarks, warnings });
        else printLine(`${written.length} label maps → ${options.output}`);
      } catch (error) {
        undo();
        throw error;
      } finally {
        progress.stop();
        backend.destroy();
      }
    });
}

/**
 * What the label maps of the output that predicts hold.
 *
 * @throws InputError `classes-mismatch` where it has other classes than it can have been trained on
 */
function labellingOfHead(trainedOn: TrainedOn, { outputs, name }: ElaboratedModel, file: string): Labelling {
  const [{ name: output, dims }] = outputs;
  const labelling = labellingOfOutput(trainedOn, output);
  const { names } = targetOfLabels(labelling);
  if (names.length === dims[1].size) return labelling;
  throw new InputError(
    'classes-mismatch',
    `\`${showPath(output)}\` of ${name} has ${dims[1].size} classes, and ${file} was trained on ${names.length} (${names.join(', ')}), without a target for that output`,
    'another --head, or weights that were trained with a `target` for it',
  );
}

/**
 * The networks that segment together, with their weights.
 *
 * @throws InputError `conflicting-option` where one file of weights is to be that of several; `ensemble-mismatch` where
 *   they have other channels or classes
 */
function openNetworks(specs: readonly string[], options: PredictOptions) {
  if (specs.length > 1 && options.weights !== undefined) {
    throw new InputError(
      'conflicting-option',
      `--weights names one file, and there are ${specs.length} networks`,
      'give folders of runs, which have their own',
    );
  }
  const networks = specs.map((spec) => {
    const file = requiredWeights(spec, options);
    const chosen = chosenBy(file, { spec, set: options.set });
    const { model, warnings } = openForCommand(
      chosen.spec,
      { ...options, set: chosen.set },
      { batch: options.windows },
    );
    const headed = withHead(model, options.head);
    checkSegmentation(headed);
    const weights = readWeights(model, file);
    const trainedOn = readTrainedOn(file, model);
    const labelling = trainedOn && labellingOfHead(trainedOn, headed, file);
    const images = trainedOn?.channels.length ?? imageShape(model)[1];
    const inputs = inputsAsTrained(headed, images, trainedOn?.inputs);
    return { model: headed, weights, trainedOn, labelling, warnings, inputs, channels: images };
  });
  const told = networks.map(({ model, channels, trainedOn, labelling }) => {
    // What was ignored while they were trained is nothing to predictions.
    const shown = labelling
      ? labellingText({ ...labelling, ignore: undefined })
      : `${model.outputs[0].dims[1].size} classes`;
    const { plan, transpose_forward = FILE_ORDER } = trainedOn ?? {};
    const axes = (plan?.transpose_forward ?? transpose_forward).join(', ');
    return `${channels} channels, ${shown}, ${plan ? 'a' : 'no'} plan with the axes ${axes}`;
  });
  const other = told.findIndex((text) => text !== told[0]);
  if (other >= 0) {
    throw new InputError(
      'ensemble-mismatch',
      `${specs[0]} has ${told[0]}; ${specs[other]} has ${told[other]}`,
      'predict together only with networks trained on one data set',
    );
  }
  return networks;
}
