import type {
  EChartsOption,
  GridComponentOption,
  SeriesOption,
  XAXisComponentOption,
  YAXisComponentOption,
} from 'echarts';
import { LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { writeFileAtomic } from '../tensors/atomic-file.ts';

// Only what a line chart needs: all of echarts is a megabyte.
echarts.use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

/** A value of a run at a step or epoch. */
export type Point = readonly [step: number, value: number];

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

const colours = {
  loss: '#b8c4d6',
  smoothed: '#1f4e8c',
  validation: '#8a3ab9',
  score: '#2e8b57',
  rate: '#c0632b',
};

/**
 * Plot of a training run as SVG text: loss and smoothed loss on the left axis, validation loss with it, validation score on the right,
 * the learning rate in a strip of its own below. The same curves give the same text.
 */
export function lossPlot(curves: TrainingCurves): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 900, height: 520 });
  try {
    chart.setOption(optionOf(curves));
    return stableNames(chart.renderToSVGString());
  } finally {
    chart.dispose();
  }
}

/** Writes {@link lossPlot} to a file, atomically. */
export function writeLossPlot(path: string, curves: TrainingCurves): void {
  writeFileAtomic(path, lossPlot(curves));
}

/** zrender numbers its charts through the life of a process, and names classes and clip paths after that. */
function stableNames(svg: string): string {
  const names = new Map<string, string>();
  return svg.replace(/\bzr\d+-[a-z]+-?\d+\b/g, (name) => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const stable = `${name.replace(/^zr\d+-/, '').replace(/-?\d+$/, '')}-${names.size}`;
    names.set(name, stable);
    return stable;
  });
}

function series(name: string, data: readonly Point[], colour: string, axis: number, grid = 0): SeriesOption {
  return {
    name,
    type: 'line',
    data: data.map(([step, value]) => [step, Number.isFinite(value) ? value : null]),
    xAxisIndex: grid,
    // More points than pixels are thinned out, keeping peaks; a long run would make a plot of many megabytes.
    sampling: 'lttb',
    yAxisIndex: axis,
    showSymbol: data.length <= 50,
    symbolSize: 4,
    lineStyle: { width: name === 'loss' ? 1 : 2, color: colour },
    itemStyle: { color: colour },
  };
}

function optionOf({
  title,
  unit = 'step',
  loss,
  learningRate,
  validationLoss = [],
  validationScore,
}: TrainingCurves): EChartsOption {
  const all = [loss, learningRate ?? [], validationLoss, validationScore?.points ?? []]
    .flat()
    .map(([step]) => step);
  const range = { min: Math.min(...bounds(all)), max: Math.max(...bounds(all)) };
  const below = learningRate === undefined ? 60 : 190;
  const shown = [
    series('loss', loss, colours.loss, 0),
    series('smoothed loss', smooth(loss), colours.smoothed, 0),
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
  if (validationLoss.length > 0) shown.push(series('validation loss', validationLoss, colours.validation, 0));
  if (validationScore !== undefined)
    shown.push(series(validationScore.name, validationScore.points, colours.score, 1));
  if (learningRate !== undefined) {
    grids.push({ left: 70, right: 70, height: 70, bottom: 40 });
    xAxes.push({ type: 'value', gridIndex: 1, ...range });
    yAxes.push({
      type: 'value',
      name: 'learning rate',
      gridIndex: 1,
      scale: true,
      splitNumber: 2,
      axisLabel: { formatter: (value: number) => (value === 0 ? '0' : value.toExponential(1)) },
    });
    shown.push(series('learning rate', learningRate, colours.rate, 2, 1));
  }
  return {
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: title, left: 'center', top: 8, textStyle: { fontSize: 16 } },
    legend: { top: 36, itemGap: 28 },
    grid: grids,
    xAxis: xAxes,
    yAxis: yAxes,
    series: shown,
  };
}

/** Lowest and highest of the values; [0, 1] without any. A loop, since a run may have more than a call takes. */
function bounds(values: readonly number[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low < high ? [low, high] : [values.length === 0 ? 0 : low, (values.length === 0 ? 0 : low) + 1];
}
