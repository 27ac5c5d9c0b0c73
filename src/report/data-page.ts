import { orderOf, permuted } from '../data/axes.ts';
import { type LabelledSlice, labelledSlices, loadCase } from '../data/case.ts';
import { type Dataset, expectedOf } from '../data/dataset.ts';
import { imageKind } from '../data/image.ts';
import { encodePng } from '../data/png.ts';
import { axisNames } from '../data/remarks.ts';
import { directionsOf, edgesOf } from '../data/view/orientation.ts';
import { type Survey, type SurveyedCase, slicesToShow } from '../data/view/survey.ts';
import { histogramPlot } from './histogram-plot.ts';
import { labelColours } from './label-colours.ts';
import { type PageFigure, type PagePart, type PageSection, runPage } from './run-page.ts';
import { slicePicture } from './slice-picture.ts';

/** What is said of a case that is shown. */
export interface ShownCase {
  readonly id: string;
  /** Columns, rows, slices of the file: x, y, z. */
  readonly size: readonly number[];
  readonly spacing: readonly number[];
  /** Towards where x, y and z grow, as in `LPS`; `null` where the file does not say. */
  readonly orientation: string | null;
  /** The axis that slices lie along. */
  readonly slice_axis: 'x' | 'y' | 'z';
  /** Numbers of the slices that are shown, from 0. */
  readonly slices: readonly number[];
}

/** A page about a data set, and what it says of the cases that it shows. */
export interface DataPage {
  readonly html: string;
  readonly shown: readonly ShownCase[];
}

/**
 * One page of HTML about a data set: warnings, classes, intensities, and its first cases with their labels.
 *
 * @param count cases to show
 * @throws InputError as loadCase
 */
export function dataPage(dataset: Dataset, survey: Survey, count: number): DataPage {
  const cases = survey.cases.slice(0, count).map((found) => caseView(dataset, survey, found));
  const { name, channels } = dataset;
  const html = runPage({
    title: name,
    summary: [
      `${survey.cases.length} training cases`,
      `${channels.length} channel(s): ${channels.join(', ')}`,
      ...(survey.cases.some(({ shape }) => shape[0] > 1)
        ? [`slices lie along ${axisNames[survey.order[0]]} of the files`]
        : []),
    ],
    sections: [
      { title: 'Warnings', notes: survey.warnings.length > 0 ? survey.warnings : ['none'], parts: [] },
      { title: 'Classes', parts: [classTable(dataset, survey)] },
      intensities(dataset, survey),
      {
        title: `Cases (${cases.length} of ${survey.cases.length})`,
        notes: [
          'Left the image as it is stored, right under its labels; letters say where its sides are in the patient.',
        ],
        parts: cases.map(({ part }) => part),
      },
    ],
  });
  return { html, shown: cases.map(({ shown }) => shown) };
}

function classTable({ classes }: Dataset, survey: Survey): PagePart {
  const all = survey.classes.reduce((sum, { voxels }) => sum + voxels, 0);
  const rows = classes.map(({ name, value }, id) => {
    const { voxels, cases } = survey.classes[id];
    const share = all === 0 ? '–' : `${((100 * voxels) / all).toPrecision(3)} %`;
    const colour = id === 0 ? 'none' : `rgb(${labelColours[(id - 1) % labelColours.length].join(',')})`;
    return [
      { text: name, colour },
      String(value),
      voxels.toLocaleString('en-US'),
      share,
      `${cases} of ${survey.cases.length}`,
    ];
  });
  return { head: ['class', 'value', 'voxels', 'share', 'cases that show it'], rows };
}

function intensities({ channels }: Dataset, { histograms }: Survey): PageSection {
  const figures = channels.flatMap((name, c): PageFigure[] => {
    const histogram = histograms[c];
    if (!histogram) return [];
    const title = `channel ${c} (${name})`;
    return [{ alt: `histogram of ${title}`, type: 'image/svg+xml', data: histogramPlot(title, histogram) }];
  });
  return { title: 'Intensities', notes: ['Of all cases, as stored.'], parts: [{ figures }] };
}

function caseView(
  dataset: Dataset,
  survey: Survey,
  found: SurveyedCase,
): { shown: ShownCase; part: PagePart } {
  const { id, shape, spacing, affine } = found;
  const order = orderOf(shape, survey.order);
  const files = dataset.training.find((files) => files.id === id)!;
  const slices = labelledSlices([loadCase(files, expectedOf(dataset), order)]);
  const chosen = slicesToShow(
    slices.map(({ label }) => label.reduce((n, value) => n + (value > 0 ? 1 : 0), 0)),
  );
  const directions = directionsOf(affine);
  const [, h, w] = permuted(spacing, order);
  const picture = (image: LabelledSlice, z: number): PageFigure => ({
    caption: slices.length === 1 ? '' : `slice ${z + 1} of ${slices.length}`,
    alt: `${id}, slice ${z + 1}: the image, and the same under its labels`,
    type: 'image/png',
    data: encodePng(
      slicePicture({
        ...{ image, label: image.label, pixel: [h, w] },
        ...(directions && { edges: edgesOf(directions, order) }),
      }),
    ),
  });
  const shown: ShownCase = {
    id,
    size: shape.toReversed(),
    spacing: spacing.toReversed(),
    orientation: directions?.toReversed().join('') ?? null,
    slice_axis: (['z', 'y', 'x'] as const)[order[0]],
    slices: chosen,
  };
  return {
    shown,
    part: {
      title: id,
      rows: rowsOf(shown, imageKind(files.images[0]) === 'PNG'),
      figures: chosen.map((z) => picture(slices[z], z)),
    },
  };
}

function rowsOf({ size, spacing, orientation, slice_axis }: ShownCase, unknown: boolean): string[][] {
  const sizes = spacing.map((length) => Number(length.toPrecision(6)));
  const sides = orientation === null ? 'not said by the file' : `${orientation}: where x, y and z grow`;
  return [
    ['size (x, y, z)', size.join(' × ')],
    ['voxels', unknown ? 'of no size: PNG says nothing of it' : `${sizes.join(' × ')} mm`],
    ...(size[2] === 1 && orientation === null ? [] : [['orientation', sides]]),
    ...(size[2] === 1 ? [] : [['slices along', slice_axis]]),
  ];
}
