import type { Histogram } from '../data/view/histogram.ts';
import { chartFrame, drawChart, lineSeries, type Point } from './chart.ts';

const HEIGHT = 300;

/** Shares of the background's and the foreground's values in each bin, as SVG text. */
export function histogramPlot(title: string, { start, width, background, foreground }: Histogram): string {
  const share = (counts: readonly number[]): Point[] => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    return counts.map((count, i) => [start + (i + 0.5) * width, total === 0 ? 0 : count / total]);
  };
  return drawChart(
    {
      ...chartFrame(title),
      grid: { left: 70, right: 70, top: 80, bottom: 50 },
      xAxis: {
        ...{ type: 'value', name: 'value', nameLocation: 'middle', nameGap: 26 },
        ...{ min: start, max: start + background.length * width },
      },
      yAxis: { type: 'value', name: 'share of voxels' },
      series: [
        {
          ...lineSeries({ name: 'background', points: share(background), colour: '#5a6878' }),
          showSymbol: false,
        },
        {
          ...lineSeries({ name: 'foreground', points: share(foreground), colour: '#c0632b' }),
          showSymbol: false,
        },
      ],
    },
    HEIGHT,
  );
}
