import { join, relative } from 'node:path';
import { writeStored } from '../backend/backend.ts';
import { type ClassFolders, readClassImage } from '../data/class-folders.ts';
import { centreCrop } from '../data/crop.ts';
import { JobError } from '../errors.ts';
import { writeFileAtomic } from '../tensors/atomic-file.ts';
import { type ImageInputs, writeInputs } from './image-inputs.ts';
import type { HeadLabels } from './output-targets.ts';
import { imageShape, type TaskTestOptions } from './task.ts';

export interface ClassificationReport {
  /** Share of the test images whose class is the one with the largest logit. */
  readonly accuracy: number;
  /** The same of the images of each class, by its name; classes without test images are left out. */
  readonly classes: Readonly<Record<string, number>>;
  readonly images: readonly { readonly id: string; readonly truth: string; readonly predicted: string }[];
}

/**
 * Classifies a data set's test images: each scaled to cover the network's input, then its middle. Writes
 * `predictions.json`. Gives nothing where it was stopped.
 * The second argument says what the first output predicts; images of none of its classes are left out.
 */
export async function classify(
  dataset: ClassFolders,
  { labelling, ids }: HeadLabels,
  inputs: ImageInputs,
  { backend, predictor, weights, folder, onCase, signal }: TaskTestOptions,
): Promise<ClassificationReport | undefined> {
  const [batch, channels, height, width] = imageShape(predictor);
  const [output] = predictor.outputs;
  const classes = labelling.classes.map(({ name }) => name);
  const known = dataset.test.map((image) => ({
    ...image,
    label: ids[image.label],
  }));
  const test = known.filter(({ label }) => label >= 0);
  const executable = await backend.prepare({ forward: predictor.graph }, predictor.name, predictor.batch);
  try {
    writeStored(executable, weights);
    const images: { id: string; truth: string; predicted: string }[] = [];
    const size = channels * height * width;
    for (let start = 0; start < test.length; start += batch) {
      if (signal?.aborted) return undefined;
      const chunk = test.slice(start, start + batch);
      // The last batch may be filled only in part; the network treats samples apart.
      const x = new Float32Array(batch * size);
      chunk.forEach(({ path }, b) => {
        const image = readClassImage(path, { channels, height, width });
        x.set(centreCrop(image, height, width).image, b * size);
      });
      writeInputs(executable, inputs.feed(x));
      executable.run('forward');
      const logits = (await executable.readOutputs('forward', [output.name])).get(output.name)!;
      for (const [b, { path, label }] of chunk.entries()) {
        const row = logits.subarray(b * classes.length, (b + 1) * classes.length);
        const id = relative(dataset.folder, path);
        if (row.some((v) => !Number.isFinite(v))) {
          throw new JobError(
            'output-not-finite',
            `the network gives ${row.join(', ')} for ${id}`,
            'train anew',
          );
        }
        const predicted = classes[row.indexOf(Math.max(...row))];
        images.push({ id, truth: classes[label], predicted });
        onCase(images.length, test.length, id);
      }
    }
    writeFileAtomic(join(folder, 'predictions.json'), `${JSON.stringify(images, null, 1)}\n`);
    return { accuracy: accuracyOf(images), classes: byClass(classes, images), images };
  } finally {
    executable.destroy();
  }
}

type Image = ClassificationReport['images'][number];

const accuracyOf = (images: readonly Image[]) =>
  images.filter((i) => i.truth === i.predicted).length / images.length;

function byClass(classes: readonly string[], images: readonly Image[]): Record<string, number> {
  const own = classes.map((name) => [name, images.filter((i) => i.truth === name)] as const);
  return Object.fromEntries(
    own.filter(([, found]) => found.length > 0).map(([name, found]) => [name, accuracyOf(found)]),
  );
}
