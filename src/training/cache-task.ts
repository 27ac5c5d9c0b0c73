import { cacheBatches } from '../data/cache/cache-batches.ts';
import { OpenCases } from '../data/cache/open-cases.ts';
import { type CachedCase, PreprocessedDataset } from '../data/cache/preprocessed-dataset.ts';
import { labellingOf, paintingRemarks, targetOfLabels } from '../data/labelling.ts';
import { dataDigest } from '../data/planning/plan.ts';
import { preprocessingOf } from '../data/planning/plan-file.ts';
import { InputError } from '../errors.ts';
import { heldBack } from './holdout.ts';
import { imageInputs, inputsEntry, leftOverRemarks } from './image-inputs.ts';
import { labellingsOf, outputTargets } from './output-targets.ts';
import { checkSegmentation } from './predict.ts';
import { fullestSlice, type ShownSlice, sliceTitle } from './shown-slices.ts';
import { imageShape, type TaskOptions, type TrainingTask } from './task.ts';
import { windowsOf } from './validation-data.ts';
import { SHOWN_CASES } from './validation-pictures.ts';

/** A class for every pixel, from cases that `archc data preprocess` wrote. Slices are read when they are needed. */
export function cacheTask({ model, section, data, workers = 1 }: TaskOptions): TrainingTask {
  const [batch, , height, width] = imageShape(model);
  checkSegmentation(model);
  const dataset = new PreprocessedDataset(data);
  const { cases, plan, preprocessing } = dataset;
  const target = targetOfLabels(plan);
  const { labels, heads, predicted } = outputTargets(model, section, { name: plan.name, labelling: plan });
  const inputs = imageInputs(model, section, plan.channels);
  const noTest = () =>
    new InputError(
      'no-test-images',
      `${data} is a preprocessed data set, which has no test images`,
      'leave --test out; then archc predict RUN --input imagesTs --output FOLDER, and archc evaluate',
    );
  return {
    trainedOn: {
      ...{ channels: plan.channels, ...labellingOf(plan), ...inputsEntry(inputs) },
      ...{ plan: preprocessingOf(plan), ...labellingsOf(heads) },
    },
    remarks: [...paintingRemarks(plan), ...leftOverRemarks(inputs, plan.channels)],
    inputs,
    plan,
    score: 'pseudo-Dice',
    predicted,
    prepare: (seed) => {
      const held = heldBack(cases, section.holdout, seed, data);
      const indicesOf = (back: boolean) => [...cases.keys()].filter((i) => held.has(cases[i].id) === back);
      const size = { seed, batch, height, width, target, labels };
      const options = { ...size, oversampleForeground: section.foreground, augment: section.augment };
      const open = new OpenCases(dataset);
      const stacks = indicesOf(true).map((index) => {
        const [depth, height, width] = cases[index].shape;
        return { depth, height, width, slice: (z: number) => open.case(index).slice(z) };
      });
      const windows = windowsOf(stacks, { ...size, batches: section.validate_batches });
      return {
        batches: cacheBatches({ folder: data, indices: indicesOf(false), options }, workers),
        validation: held.size === 0 ? undefined : { ...windows, close: () => open.close() },
        shown: () =>
          indicesOf(true)
            .slice(0, SHOWN_CASES)
            .map((index) => shownOf(open.case(index))),
        identity: {
          cases: cases.length - held.size,
          sha256: dataDigest(cases),
          preprocessing,
          held_back: [...held],
        },
      };
    },
    checkTest: () => {
      throw noTest();
    },
    test: () => {
      throw noTest();
    },
  };
}

function shownOf(found: CachedCase): ShownSlice {
  const { id, shape } = found.record;
  const z = fullestSlice(shape[0], (at) => found.label(at));
  const input = found.slice(z);
  return { id, title: sliceTitle(id, z, shape[0]), input, image: input };
}
