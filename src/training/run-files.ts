import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { eventFiles } from '../report/event-names.ts';
import type { PagePart } from '../report/run-page.ts';
import { VALIDATION_PICTURES } from './validation-pictures.ts';

/** Files and folders of a run, and what each is. */
const kinds: Readonly<Record<string, string>> = {
  'run.json': 'model, parameters, train section, seed, data, versions, device, status',
  'losses.jsonl': 'a line a step and a line a validation',
  spec: 'the spec with all files that it imports',
  'plan.json': 'the plan by which the training data were preprocessed',
  'checkpoint.safetensors': 'all that is needed to go on',
  'weights.safetensors': 'the weights when training ended or was stopped',
  'best.safetensors': 'the weights of the best validation',
  'metrics.json': 'scores, of a run that ended or was stopped',
  'loss.svg': 'curves of loss, validations and learning rate',
  'validation.svg': 'scores of validations, as a whole and of each class',
  'learning_rate.svg': 'the learning rate',
  [VALIDATION_PICTURES]: 'held-back cases as training went on: image, truth, prediction',
  'overview.png': 'the first test images: image, truth, prediction',
  pictures: 'the same of each test image',
  predictions: 'label maps of the test images',
  'predictions.json': 'truth and prediction of each test image',
};

/** A table of what a run's folder holds. */
export function filesPart(folder: string): PagePart {
  const events = eventFiles(folder).map((name) => [name, 'scalars for TensorBoard'] as const);
  const there = [...Object.entries(kinds), ...events].filter(([name]) => existsSync(join(folder, name)));
  const rows = there.map(([name, what]) => {
    const stats = statSync(join(folder, name));
    const [text, size] = stats.isDirectory() ? [`${name}/`, ''] : [name, sizeText(stats.size)];
    return [{ text, href: text.split('/').map(encodeURIComponent).join('/') }, what, size];
  });
  return { head: ['file', 'what', 'size'], rows };
}

const sizeText = (bytes: number) =>
  bytes < 2 ** 20 ? `${(bytes / 2 ** 10).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
