import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PagePart, PageSection } from '../report/run-page.ts';
import type { TaskResult } from './task.ts';

/** What a test found, for the page of a run. */
export function testedSection(folder: string, { test, classification }: TaskResult): PageSection {
  const title = 'Test';
  if (classification) {
    const { accuracy, images, classes } = classification;
    const rows = images.map(({ id, truth, predicted }) => [id, truth, predicted]);
    return {
      title,
      notes: [`Accuracy on ${images.length} images: ${scoreText(accuracy)}`],
      parts: [byClass(classes), { ...IMAGES, head: ['image', 'truth', 'predicted'], rows }],
    };
  }
  if (!test) return { title, parts: [] };
  const otsu = test.otsuDsc === undefined ? '' : `; of Otsu's threshold ${scoreText(test.otsuDsc)}`;
  const all = `Mean DSC of all labels together against background, ${test.images.length} images`;
  const head = ['image', 'DSC', ...(test.otsuDsc === undefined ? [] : ["Otsu's threshold"])];
  const rows = test.images.map(({ id, dsc, otsuDsc }) => [
    ...[id, scoreText(dsc)],
    ...(otsuDsc === undefined ? [] : [scoreText(otsuDsc)]),
  ]);
  return {
    title,
    notes: [`${all}: ${scoreText(test.dsc)}${otsu}`],
    parts: [byClass(test.classes), { ...IMAGES, head, rows }, overview(folder)],
  };
}

const IMAGES = { title: 'Images', folded: true };

const byClass = (classes: Readonly<Record<string, number>>): PagePart => ({
  head: ['class', 'mean'],
  rows: Object.entries(classes).map(([name, value]) => [name, scoreText(value)]),
});

function overview(folder: string): PagePart {
  const path = join(folder, 'overview.png');
  if (!existsSync(path)) return {};
  const alt = 'the first test images: image, truth, prediction';
  return { figures: [{ alt, type: 'image/png', data: readFileSync(path) }] };
}

/** Of losses and scores. */
export const scoreText = (value: number): string => (Number.isFinite(value) ? value.toFixed(4) : '–');
