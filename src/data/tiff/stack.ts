import type { TiffIfd } from 'tiff';
import { badTiff } from './bad-tiff.ts';
import type { Page } from './layout.ts';

/** As of one file: samples of all pages. */
const maxSamples = 2 ** 29;

/**
 * Checks that pages are the slices of one volume: of one size and kind, and all that the program which wrote them tells of.
 *
 * @throws InputError `bad-tiff`
 */
export function checkStack(path: string, first: TiffIfd, pages: readonly Page[]): void {
  const text = ({ width, height, channels, bits, float }: Page) =>
    `${width}×${height}, ${channels} channel(s) of ${bits} bits${float ? ' floating point' : ''}`;
  const [page] = pages;
  const other = pages.findIndex((p) => text(p) !== text(page));
  if (other > 0) {
    throw badTiff(
      path,
      `has pages that are no slices of one volume: the first is ${text(page)}, page ${other + 1} ${text(pages[other])}`,
      'save it without previews, a page a slice',
    );
  }
  const samples = page.width * page.height * page.channels * pages.length;
  if (samples > maxSamples)
    throw badTiff(
      path,
      `claims ${samples} samples; at most ${maxSamples} are read`,
      'cut it into smaller volumes',
    );
  checkImageJ(path, String(first.imageDescription ?? ''), pages.length);
  checkTifffile(path, String(first.imageDescription ?? ''), samples);
}

/** ImageJ writes channels and time points as pages, too, and of large stacks the first page alone. */
function checkImageJ(path: string, description: string, pages: number): void {
  if (!description.startsWith('ImageJ=')) return;
  const count = (name: string) => Number(new RegExp(`^${name}=(\\d+)`, 'm').exec(description)?.[1] ?? 1);
  for (const name of ['channels', 'frames']) {
    if (count(name) === 1) continue;
    throw badTiff(
      path,
      `is an ImageJ stack of ${count(name)} ${name}, whose pages are not slices alone`,
      'write a file a channel, <case>_0000, <case>_0001, …, and a case a time point',
    );
  }
  if (count('images') === pages) return;
  throw badTiff(
    path,
    `is an ImageJ stack of ${count('images')} images, and has ${pages} page(s)`,
    'save it with a page a slice: in tifffile without `imagej=True` or `truncate=True`',
  );
}

/** tifffile tells of the array that it wrote: a page may stand for many. */
function checkTifffile(path: string, description: string, samples: number): void {
  const shape = /^\{"shape": \[([\d, ]+)\]/.exec(description)?.[1];
  if (shape === undefined) return;
  const told = shape.split(',').reduce((n, size) => n * Number(size), 1);
  if (told === samples) return;
  throw badTiff(
    path,
    `holds an array of ${shape.replaceAll(', ', '×')} by its description, and pages of ${samples} samples`,
    'save it with a page a slice: in tifffile without `truncate=True`',
  );
}
