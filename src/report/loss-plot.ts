import type { GridComponentOption, SeriesOption, XAXisComponentOption, YAXisComponentOption } from 'echarts';
import { chartFrame, colours, drawChart, lineSeries, type Point, stepRange } from './chart.ts';
import { labelColours } from './label-colours.ts';

/** Curves of a training run; values that are not finite leave a gap. */
export interface TrainingCurves {
  readonly title: string;
  /** What the horizontal axis counts; `step` where absent. */
  readonly unit?: 'step' | 'epoch';
  readonly loss: readonly Point[];
  readonly learningRate?: readonly Point[];
  readonly validationLoss?: readonly Point[];
  /** What validations measured beside the loss, 0 to 1: pseudo-Dice, or accuracy. */
  readonly validationScore?: { readonly name: string; readonly points: readonly Point[] };
}

/** Weight of the past in the smoothed loss. */
const momentum = 0.9;

/**
 * Exponential moving average with momentum 0.9, divided by the weights' sum so that the first values are not
 * drawn towards 0 (as Adam corrects its moments; D. P. Kingma, J. Ba, ICLR 2015, section 3). Values that are
 * not finite are left out.
 */
export function smooth(points: readonly Point[]): Point[] {
  let [average, weight] = [0, 0];
  return points
    .filter(([, value]) => Number.isFinite(value))
    .map(([step, value]) => {
      average = momentum * average + (1 - momentum) * value;
      weight = momentum * weight + (1 - momentum);
      return [step, average / weight];
    });
}

/**
 * Plot of a training run as SVG text: loss and smoothed loss on the left axis, validation loss with it, validation score on the right,
 * the learning rate in a strip of its own below. The same curves give the same text.
 */
export function lossPlot({
  title,
  unit = 'step',
  loss,
  learningRate,
  validationLoss = [],
  validationScore,
}: TrainingCurves): string {
  const range = stepRange([loss, learningRate ?? [], validationLoss, validationScore?.points ?? []]);
  const below = learningRate === undefined ? 60 : 190;
  const shown = [
    lineSeries({ name: 'loss', points: loss, colour: colours.loss, width: 1 }),
    lineSeries({ name: 'smoothed loss', points: smooth(loss), colour: colours.smoothed }),
  ];
  const grids: GridComponentOption[] = [{ left: 70, right: 70, top: 80, bottom: below }];
  const xAxes: XAXisComponentOption[] = [
    { type: 'value', name: unit, nameLocation: 'middle', nameGap: 26, ...range },
  ];
  const yAxes: YAXisComponentOption[] = [
    { type: 'value', name: 'loss', scale: true },
    {
      type: 'value',
      name: validationScore?.name ?? '',
      min: 0,
      max: 1,
      show: validationScore !== undefined,
      splitLine: { show: false },
    },
  ];
  if (validationLoss.length > 0)
    shown.push(lineSeries({ name: 'validation loss', points: validationLoss, colour: colours.validation }));
  if (validationScore !== undefined)
    shown.push(lineSeries({ ...validationScore, colour: colours.score, axis: 1 }));
  if (learningRate !== undefined) {
    grids.push({ left: 70, right: 70, height: 70, bottom: 40 });
    xAxes.push({ type: 'value', gridIndex: 1, ...range });
    yAxes.push({ ...rateAxis, gridIndex: 1, splitNumber: 2 });
    shown.push(
      lineSeries({ name: 'learning rate', points: learningRate, colour: colours.rate, axis: 2, grid: 1 }),
    );
  }
  return drawChart({ ...chartFrame(title), grid: grids, xAxis: xAxes, yAxis: yAxes, series: shown }, 520);
}

/** Plot of the learning rate as SVG text, in the style of {@link lossPlot}. */
export function ratePlot(title: string, points: readonly Point[]): string {
  const line = lineSeries({ name: 'learning rate', points, colour: colours.rate });
  return plain(title, rateAxis, [line], stepRange([points]));
}

/** The scores of validations, from 0 to 1. */
export interface ScoreCurves {
  readonly title: string;
  /** What they are: pseudo-Dice, or accuracy. */
  readonly score: string;
  readonly mean: readonly Point[];
  /** The same of each class; names are all different. Of more than sixteen none is drawn. */
  readonly classes: readonly { readonly name: string; readonly points: readonly Point[] }[];
}

/** Plot of validation scores as SVG text, in the style of {@link lossPlot}. */
export function scorePlot({ title, score, mean, classes }: ScoreCurves): string {
  const drawn = classes.length > MOST_CLASSES ? [] : classes;
  const lines = drawn.map((line, i) => lineSeries({ ...line, colour: lineColour(i), width: 1 }));
  lines.push(lineSeries({ name: score, points: mean, colour: colours.score, width: 3 }));
  return plain(title, { type: 'value', name: score, min: 0, max: 1 }, lines, stepRange([mean]));
}

const MOST_CLASSES = 16;

const lineColour = (index: number) => {
  const [r, g, b] = labelColours[index % labelColours.length];
  return `rgb(${r}, ${g}, ${b})`;
};

const rateAxis: YAXisComponentOption = {
  type: 'value',
  name: 'learning rate',
  scale: true,
  axisLabel: { formatter: (value: number) => (value === 0 ? '0' : value.toExponential(1)) },
};

/** A chart of one grid over steps. */
function plain(
  title: string,
  yAxis: YAXisComponentOption,
  series: SeriesOption[],
  range: { min: number; max: number },
): string {
  const xAxis: XAXisComponentOption = { type: 'value', name: 'step', nameLocation: 'middle', nameGap: 26 };
  const grid: GridComponentOption = { left: 70, right: 70, top: 80, bottom: 60 };
  return drawChart({ ...chartFrame(title), grid, xAxis: { ...xAxis, ...range }, yAxis, series }, 360);
}
