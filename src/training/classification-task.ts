import { relative, sep } from 'node:path';
import { SteppedBatches } from '../data/batches.ts';
import { openClassFolders, readClassImage } from '../data/class-folders.ts';
import { ClassificationLoader } from '../data/class-loader.ts';
import { fingerprint } from '../data/fingerprint.ts';
import { InputError } from '../errors.ts';
import { classify } from './classify.ts';
import { heldBack } from './holdout.ts';
import { classifierInputs } from './image-inputs.ts';
import { labellingsOf, outputTargets } from './output-targets.ts';
import { imageShape, type TaskOptions, type TrainingTask } from './task.ts';
import { middlesOf } from './validation-data.ts';

/** A class for every image, from a folder for each class. Images are read when they are needed. */
export function classificationTask({ model, section, data }: TaskOptions): TrainingTask {
  const dataset = openClassFolders(data);
  const labelling = { classes: dataset.classes.map((name, value) => ({ name, value })) };
  const { labels, heads, predicted } = outputTargets(model, section, { name: data, labelling });
  const inputs = classifierInputs(model, section);
  const [batch, channels, height, width] = imageShape(model);
  /** `rows/3.png`: the class is part of what an image means. */
  const idOf = (path: string) => relative(dataset.folder, path).split(sep).join('/');
  return {
    trainedOn: { channels: [], ...labelling, ...labellingsOf(heads) },
    remarks: [],
    inputs,
    score: 'accuracy',
    predicted,
    prepare: (seed) => {
      const candidates = dataset.training.map((i) => ({ id: idOf(i.path), group: dataset.classes[i.label] }));
      const held = heldBack(candidates, section.holdout, seed, dataset.folder);
      const imagesOf = (back: boolean) =>
        dataset.training.filter(({ path }) => held.has(idOf(path)) === back);
      return {
        batches: new SteppedBatches(
          new ClassificationLoader(imagesOf(false), {
            ...{ seed, batch, channels, height, width, labels },
            augment: section.augment,
          }),
        ),
        validation:
          held.size === 0
            ? undefined
            : middlesOf(imagesOf(true), {
                ...{ seed, batch, channels, height, width, labels },
                batches: section.validate_batches,
              }),
        identity: {
          cases: dataset.training.length - held.size,
          sha256: fingerprint(dataset.training.map(({ path }) => ({ name: idOf(path), path }))),
          held_back: [...held],
        },
      };
    },
    checkTest: () => {
      const { test } = dataset;
      if (test.length === 0) {
        throw new InputError(
          'no-test-images',
          `${data} has no test images (test/<class>/<image>, or val)`,
          'leave --test out',
        );
      }
      for (const { path } of test) readClassImage(path, { channels, height, width });
    },
    test: async (options) => ({ classification: await classify(dataset, predicted, inputs, options) }),
  };
}
