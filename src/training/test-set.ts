import { join } from 'node:path';
import { type AxisOrder, coarsestFirst } from '../data/axes.ts';
import {
  type Case,
  type CaseFiles,
  type CaseVolume,
  inSliceOrder,
  loadCase,
  loadVolume,
  slicedCase,
  stackedLabel,
} from '../data/case.ts';
import { type Dataset, expectedOf } from '../data/dataset.ts';
import { writeLabels } from '../data/image.ts';
import { foregroundGroups, labelValues } from '../data/labelling.ts';
import { prepared } from '../data/prepared-case.ts';
import { targetValues } from '../data/target.ts';
import { type DiceReport, evaluateDice, wholeForeground } from '../evaluation/dice.ts';
import { luma601, otsuForeground } from '../evaluation/otsu.ts';
import { type SheetRow, writeContactSheet } from '../report/contact-sheet.ts';
import { makeFolder } from '../tensors/output-path.ts';
import type { HeadLabels } from './output-targets.ts';
import type { Segmenter } from './predict.ts';
import { fullestSlice, sliceTitle } from './shown-slices.ts';

export interface TestReport {
  /** Mean over images of the DSC of all foreground labels together against background. */
  readonly dsc: number;
  /** The same of Otsu's threshold; `undefined` where the images are volumes. */
  readonly otsuDsc: number | undefined;
  readonly images: readonly {
    readonly id: string;
    readonly dsc: number;
    readonly otsuDsc: number | undefined;
  }[];
  /** Mean DSC by the name of the class or region. */
  readonly classes: Readonly<Record<string, number>>;
}

export interface TestOptions {
  /** Called after every case. */
  onCase(done: number, total: number, id: string): void;
  /** Stops after the case in work. */
  readonly signal?: AbortSignal;
}

/** Rows of the picture that shows several cases at once. */
const OVERVIEW_ROWS = 6;

/**
 * Segments a data set's test images and compares them with their truth. Writes `predictions/<case>`, a picture
 * of image, truth and prediction for each in `pictures/`, and `overview.png`. Gives nothing where it was stopped.
 * The third argument says what the first output predicts.
 *
 * @param order of the axes of volumes, as the network was trained
 */
export async function testOn(
  segmenter: Segmenter,
  dataset: Dataset,
  { labelling, ids }: HeadLabels,
  folder: string,
  order: AxisOrder,
  { onCase, signal }: TestOptions,
): Promise<TestReport | undefined> {
  makeFolder(join(folder, 'predictions'));
  makeFolder(join(folder, 'pictures'));
  const rows: SheetRow[] = [];
  const pairs: { id: string; truth: Int32Array; prediction: Uint8Array; otsu: Uint8Array | undefined }[] = [];
  const files = dataset.test.filter((f) => f.label !== undefined);
  const expected = expectedOf(dataset);
  for (const [i, file] of files.entries()) {
    if (signal?.aborted) return undefined;
    const image = loadCase(file, expected, order);
    const placed = await segmenter.segment(prepared(image));
    const values = labelValues(placed, labelling.classes);
    writeLabels(join(folder, 'predictions', `${file.id}${dataset.fileEnding}`), values, file.images[0]);
    const prediction = inSliceOrder(placed, image);
    const truth = targetValues({ values: ids }, stackedLabel(image)!);
    pairs.push({ id: file.id, truth, prediction, otsu: otsuOf(image) });
    const row = rowOf(image, truth, prediction);
    writeContactSheet(join(folder, 'pictures', `${file.id}.png`), [row]);
    if (rows.length < OVERVIEW_ROWS) rows.push(row);
    onCase(i + 1, files.length, file.id);
  }
  if (rows.length > 0) writeContactSheet(join(folder, 'overview.png'), rows);

  const together = evaluateDice(pairs, [wholeForeground('foreground', labelling)]);
  const otsu = pairs.every((p) => p.otsu)
    ? evaluateDice(
        pairs.map(({ id, truth, otsu: o }) => ({
          id,
          truth: truth.map(Math.sign),
          prediction: o!,
        })),
        [{ name: 'foreground', classes: [1] }],
      )
    : undefined;
  const regions = foregroundGroups(labelling);
  const byClass = evaluateDice(pairs, regions);
  return {
    dsc: together.regionMeans[0],
    otsuDsc: otsu?.regionMeans[0],
    images: pairs.map(({ id }, i) => ({ id, dsc: dscOf(together, i), otsuDsc: otsu && dscOf(otsu, i) })),
    classes: Object.fromEntries(regions.map((r, i) => [r.name, byClass.regionMeans[i]])),
  };
}

/** An image, or of a volume the slice with most foreground in its truth (the middle one where there is none). */
function rowOf({ id, slices }: Case, truth: Int32Array, prediction: Uint8Array): SheetRow {
  const shown = fullestSlice(slices.length, (z) => slices[z].label);
  const image = slices[shown];
  const plane = image.height * image.width;
  const part = <A extends Int32Array | Uint8Array>(labels: A) =>
    labels.subarray(shown * plane, (shown + 1) * plane) as A;
  const title = sliceTitle(id, shown, slices.length);
  return { title, image, truth: part(truth), prediction: part(prediction) };
}

function dscOf(report: DiceReport, image: number): number {
  return report.images[image].scores[0].dsc;
}

/** Otsu's threshold on an image of one or three channels; nothing for volumes. */
function otsuOf({ slices }: Case): Uint8Array | undefined {
  if (slices.length !== 1) return undefined;
  const [{ image, channels }] = slices;
  if (channels === 3) return otsuForeground(luma601(image));
  return channels === 1 ? otsuForeground(Uint8Array.from(image, Math.round)) : undefined;
}

/**
 * Cases, read and checked.
 *
 * @param wanted order of the axes of volumes; by default the coarsest comes first
 */
export function loadCases(
  files: readonly CaseFiles[],
  dataset: Dataset,
  wanted?: AxisOrder,
): { readonly cases: readonly Case[]; readonly order: AxisOrder } {
  const expected = expectedOf(dataset);
  const volumes: (CaseVolume | undefined)[] = files.map((f) => loadVolume(f, expected));
  const order = wanted ?? coarsestFirst(volumes.map((volume) => volume!.images[0]));
  const cases = files.map(({ id }, i) => {
    const sliced = slicedCase(id, volumes[i]!, order);
    // Its slices are copies: the whole is let go.
    volumes[i] = undefined;
    return sliced;
  });
  return { cases, order };
}
