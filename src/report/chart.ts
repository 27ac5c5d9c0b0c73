import type { EChartsOption, SeriesOption } from 'echarts';
import { LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

// Only what a line chart needs: all of echarts is a megabyte.
echarts.use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

/** A value of a run at a step or epoch. */
export type Point = readonly [step: number, value: number];

export const colours = {
  loss: '#b8c4d6',
  smoothed: '#1f4e8c',
  validation: '#8a3ab9',
  score: '#2e8b57',
  rate: '#c0632b',
};

/** A chart as SVG text of this height; 900 wide. The same option gives the same text. */
export function drawChart(option: EChartsOption, height: number): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 900, height });
  try {
    chart.setOption(option);
    return stableNames(chart.renderToSVGString());
  } finally {
    chart.dispose();
  }
}

/** What all charts have in common. */
export function chartFrame(title: string): EChartsOption {
  return {
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: title, left: 'center', top: 8, textStyle: { fontSize: 16 } },
    legend: { top: 36, itemGap: 28 },
  };
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

export interface Line {
  readonly name: string;
  /** Values that are not finite leave a gap. */
  readonly points: readonly Point[];
  readonly colour: string;
  /** Of the stroke; 2 where absent. */
  readonly width?: number;
  /** Which vertical axis, the first where absent. */
  readonly axis?: number;
  /** Which grid, the first where absent. */
  readonly grid?: number;
}

export function lineSeries({ name, points, colour, width = 2, axis = 0, grid = 0 }: Line): SeriesOption {
  return {
    name,
    type: 'line',
    data: extremes(points).map(([step, value]) => [step, Number.isFinite(value) ? value : null]),
    xAxisIndex: grid,
    // More points than pixels are thinned out once more; a long run would make a plot of many megabytes.
    sampling: 'lttb',
    yAxisIndex: axis,
    showSymbol: points.length <= 50,
    symbolSize: 4,
    lineStyle: { width, color: colour },
    itemStyle: { color: colour },
  };
}

/** Points of a long run are taken together by so many. */
const BUCKETS = 5000;

/** Of many points the lowest and the highest of each bucket in their order: what draws them need not see all. */
export function extremes(points: readonly Point[], buckets = BUCKETS): readonly Point[] {
  if (points.length <= 2 * buckets) return points;
  const result: Point[] = [];
  for (let b = 0; b < buckets; b++) {
    const first = Math.floor((b * points.length) / buckets);
    const end = Math.floor(((b + 1) * points.length) / buckets);
    let [low, high] = [first, first];
    for (let i = first + 1; i < end; i++) {
      const value = points[i][1];
      if (value < points[low][1] || Number.isNaN(points[low][1])) low = i;
      if (value > points[high][1] || Number.isNaN(points[high][1])) high = i;
    }
    result.push(points[Math.min(low, high)]);
    if (low !== high) result.push(points[Math.max(low, high)]);
  }
  return result;
}

/** Lowest and highest step of curves; [0, 1] without any. A loop, since a run may have more than a call takes. */
export function stepRange(curves: readonly (readonly Point[])[]): { min: number; max: number } {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const points of curves) {
    for (const [step] of points) {
      low = Math.min(low, step);
      high = Math.max(high, step);
    }
  }
  if (low < high) return { min: low, max: high };
  return low > high ? { min: 0, max: 1 } : { min: low, max: low + 1 };
}
