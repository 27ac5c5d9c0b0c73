import { join } from 'node:path';
import { orderEntry } from '../data/axes.ts';
import { SteppedBatches } from '../data/batches.ts';
import { type Case, type LabelledSlice, labelledSlices } from '../data/case.ts';
import { type Dataset, openDataset } from '../data/dataset.ts';
import { fingerprint, type NamedFile, withBeside } from '../data/fingerprint.ts';
import { labellingOf, paintedIds, paintingRemarks, targetOfLabels } from '../data/labelling.ts';
import { SegmentationLoader } from '../data/loader.ts';
import { normaliseSlices } from '../data/normalise.ts';
import { dataRemarks, pixelRange } from '../data/remarks.ts';
import { InputError } from '../errors.ts';
import { heldBack } from './holdout.ts';
import { imageInputs, inputsEntry, leftOverRemarks } from './image-inputs.ts';
import { labellingsOf, outputTargets } from './output-targets.ts';
import { checkSegmentation, Segmenter } from './predict.ts';
import { fullestSlice, type ShownSlice, sliceTitle } from './shown-slices.ts';
import { imageShape, type TaskOptions, type TrainingTask } from './task.ts';
import { loadCases, testOn } from './test-set.ts';
import { windowsOf } from './validation-data.ts';
import { SHOWN_CASES } from './validation-pictures.ts';

/** A class for every pixel, from a data set in nnU-Net's raw layout. All images are read and checked here. */
export function segmentationTask({ model, section, data, order: given }: TaskOptions): TrainingTask {
  const [batch, , height, width] = imageShape(model);
  checkSegmentation(model);
  const dataset = openDataset(data);
  const target = targetOfLabels(dataset);
  const { labels, heads, predicted } = outputTargets(model, section, {
    ...{ name: dataset.name, labelling: dataset },
  });
  const { cases, order } = loadCases(dataset.training, dataset, given);
  const inputs = imageInputs(model, section, dataset.channels);
  const normalised = cases.map((c) => ({ ...c, slices: normaliseSlices(c.slices) }));
  const geometries = cases.map((c) => ({ depth: c.slices.length, spacing: c.spacing }));
  const sha256 = () => fingerprint(filesOf(dataset));
  return {
    trainedOn: {
      ...{ channels: dataset.channels, ...labellingOf(dataset), pixels: pixelRange(geometries) },
      ...{ ...orderEntry(order), ...inputsEntry(inputs), ...labellingsOf(heads) },
    },
    remarks: [
      ...[...paintingRemarks(dataset), ...leftOverRemarks(inputs, dataset.channels)],
      ...dataRemarks(dataset.channels, geometries, order),
    ],
    inputs,
    score: 'pseudo-Dice',
    predicted,
    prepare: (seed) => {
      const held = heldBack(cases, section.holdout, seed, dataset.folder);
      const slicesOf = (back: boolean) =>
        labelledSlices(normalised.filter(({ id }) => held.has(id) === back)).filter(isAnnotated);
      const size = { seed, batch, height, width, target, labels };
      const loader = new SegmentationLoader(slicesOf(false), {
        ...size,
        oversampleForeground: section.foreground,
        augment: section.augment,
      });
      if (held.size > 0 && slicesOf(true).length === 0) throw nothingToValidate([...held]);
      const stacks = slicesOf(true).map((slice) => ({ ...slice, depth: 1, slice: () => slice }));
      return {
        batches: new SteppedBatches(loader),
        validation:
          held.size === 0 ? undefined : windowsOf(stacks, { ...size, batches: section.validate_batches }),
        shown: () =>
          [...cases.keys()]
            .filter((i) => held.has(cases[i].id))
            .slice(0, SHOWN_CASES)
            .flatMap((i) => shownOf(normalised[i], cases[i])),
        identity: {
          ...{ cases: cases.length - held.size, sha256: sha256(), held_back: [...held] },
          ...orderEntry(order),
        },
      };
    },
    /** A test image that can't be read must not come to light after hours of training. */
    checkTest: () => {
      const labelled = dataset.test.filter((files) => files.label !== undefined);
      if (labelled.length === 0) {
        throw new InputError(
          'no-test-images',
          `${dataset.folder} has no test images with labels (imagesTs, labelsTs)`,
          'leave --test out',
        );
      }
      loadCases(labelled, dataset, order);
    },
    test: async (options) => {
      const { backend, predictor, weights } = options;
      const painted = paintedIds(predicted.labelling);
      const segmenter = await Segmenter.create(backend, predictor, weights, inputs, painted);
      try {
        return { test: await testOn(segmenter, dataset, predicted, options.folder, order, options) };
      } finally {
        segmenter.destroy();
      }
    },
  };
}

/** The slice of a case that is shown, as it is stored; none of a case without truth. */
function shownOf({ id, slices }: Case, stored: Case): ShownSlice[] {
  const z = fullestSlice(slices.length, (at) => slices[at].label);
  return labelledSlices([{ ...stored, slices: [slices[z]] }]).map((input) => ({
    id,
    title: sliceTitle(id, z, slices.length),
    input,
    image: stored.slices[z],
  }));
}

const nothingToValidate = (held: readonly string[]) =>
  new InputError(
    'empty-dataset',
    `no pixel of the held-back cases is annotated (${held.slice(0, 8).join(', ')})`,
    'hold back others: `holdout = ["case"]`',
  );

/** Nothing can be learnt from a slice that is ignored as a whole. */
const isAnnotated = ({ label }: LabelledSlice) => label.some((id) => id >= 0);

/** The files that a run's training data come from: dataset.json, and of each case the images and the label. */
function filesOf({ folder, training }: Dataset): NamedFile[] {
  const cases = training.flatMap(({ id, images, label }) => [
    ...images.map((path, channel) => ({ name: `${id} ${channel}`, path })),
    ...(label === undefined ? [] : [{ name: `${id} label`, path: label }]),
  ]);
  return [{ name: 'dataset.json', path: join(folder, 'dataset.json') }, ...withBeside(cases)];
}
