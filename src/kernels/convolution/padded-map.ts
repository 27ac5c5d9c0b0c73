import type { Value } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import { roundUp } from '../../ir/packing.ts';

/** Whether rows of all channels follow each other, or rows of a plane. */
export type Layout = 'rows' | 'planes';

/** How target pixels reach padded source pixels along one axis. */
export interface AxisReach {
  /** Zeros before the source's first element. */
  readonly padding: number;
  /** Source elements between those of neighbouring target pixels of a phase. */
  readonly step: number;
  /** Pixels of a phase, at most. */
  readonly pixels: number;
  /** By phase, which taps reach it: pixel q reads padded element q · step + offset. */
  readonly phases: readonly (readonly { readonly tap: number; readonly offset: number }[])[];
}

/** Reach along an axis of what {@link DirectConvolution} describes. */
export function axisReach(axis: {
  readonly taps: number;
  readonly phases: number;
  readonly step: number;
  readonly firstTap: number;
  readonly tapStep: number;
  readonly target: number;
}): AxisReach {
  const range = (n: number) => Array.from({ length: n }, (_, k) => k);
  const found = range(axis.phases).map((phase) =>
    range(axis.taps)
      .map((tap) => ({ tap, reach: phase + axis.firstTap + tap * axis.tapStep }))
      .filter(({ reach }) => reach % axis.phases === 0)
      .map(({ tap, reach }) => ({ tap, offset: reach / axis.phases })),
  );
  const padding = Math.max(0, ...found.flat().map(({ offset }) => -offset));
  return {
    padding,
    step: axis.step,
    pixels: Math.ceil(axis.target / axis.phases),
    phases: found.map((taps) => taps.map(({ tap, offset }) => ({ tap, offset: offset + padding }))),
  };
}

/** The farthest element of a residue that a tap reaches from its pixel. */
const farthest = ({ phases, step }: AxisReach): number =>
  Math.max(0, ...phases.flat().map(({ offset }) => Math.floor(offset / step)));

/**
 * A copy of a map [batch, channels, height, width] with zeros around it, in which neighbouring target pixels read
 * neighbours: with a step, columns (and in planes rows) lie apart by their residues. Strides are in elements.
 */
export interface PaddedMap {
  readonly layout: Layout;
  /** Elements of all, with what reads beyond the last line find. */
  readonly size: number;
  readonly batchStride: number;
  readonly channelStride: number;
  /** Lines of an image, elements from one to the next, and elements of a line that lie at pixels. */
  readonly lines: number;
  readonly lineStride: number;
  /** Elements of a channel that a line adds. */
  readonly lineElements: number;
  readonly length: number;
  /** Elements between rows of pixels in a line of planes. */
  readonly period: number;
  /** How far the tap at these offsets of the axes lies from its pixel. */
  offset(vertical: number, horizontal: number): number;
  /** The call that makes it. */
  fill(source: Value, copy: Value): KernelCall;
}

/** Elements that tiles read at most beyond the end of a line: twice the widest. */
const OVERSHOOT = 64;
/** Elements of a cache line, and of what the first cache's ways repeat by. */
const CACHE_LINE = 16;
const WAY = 1024;
/** Elements that a workgroup copies, about. */
const COPIED = 4096;

/** A stride of rows that are read together: not one by which they would share a few places of the first cache. */
function spread(stride: number): number {
  const beside = stride % WAY;
  return beside < CACHE_LINE || beside > WAY - CACHE_LINE
    ? roundUp(stride, CACHE_LINE) + 2 * CACHE_LINE
    : stride;
}

/**
 * @param period of planes, where it has to be that of another copy
 * @param apart in rows, too, each channel has all its rows together: where a tile reads few channels
 */
export function paddedMap(
  [batch, channels, height, width]: readonly number[],
  [vertical, horizontal]: readonly AxisReach[],
  layout: Layout,
  { period, apart = false }: { readonly period?: number; readonly apart?: boolean } = {},
): PaddedMap {
  const planes = layout === 'planes';
  const [stepH, stepW] = [vertical.step, horizontal.step];
  const reach = farthest(horizontal);
  const columns = planes
    ? (period ?? horizontal.pixels + reach)
    : roundUp(roundUp(horizontal.pixels, 4) + reach, 4);
  // Lines of planes are read in fours, and end in a row of their own.
  const rows = planes
    ? stepH * (vertical.pixels + farthest(vertical) + Math.ceil(4 / columns))
    : (vertical.pixels - 1) * stepH + Math.max(0, ...vertical.phases.flat().map((t) => t.offset)) + 1;
  const plane = (rows / stepH) * columns;
  const whole = planes || apart;
  const row = stepW * columns;
  const channelStride = planes ? stepH * stepW * plane : apart ? rows * row : row;
  const rowStride = planes ? columns : apart ? row : spread(channels * row);
  const residueStride = planes ? stepW * plane : rowStride;
  const columnResidueStride = planes ? plane : columns;
  const batchStride = whole ? channels * channelStride : rows * rowStride;
  const rowOffset = (offset: number) =>
    planes ? Math.floor(offset / stepH) * rowStride + (offset % stepH) * residueStride : offset * rowStride;
  const block = Math.min(channels, Math.max(1, Math.round(COPIED / channelStride)));
  const blocks = Math.ceil(channels / block);
  const threads = batch * (whole ? 1 : rows) * blocks;
  return {
    layout,
    size: batch * batchStride + OVERSHOOT,
    batchStride,
    channelStride,
    lines: planes ? 1 : vertical.pixels,
    lineStride: planes ? batchStride : stepH * rowStride,
    lineElements: planes ? channelStride : stepH * row,
    length: planes ? (vertical.pixels - 1) * columns + horizontal.pixels : horizontal.pixels,
    period: columns,
    offset: (v, h) => rowOffset(v) + (h % stepW) * columnResidueStride + Math.floor(h / stepW),
    fill: (source, copy) => ({
      template: 'convolution_pad',
      options: { planes: whole, stride_h: stepH, stride_w: stepW },
      uniforms: [
        ['threads', 'u32', threads],
        ['block', 'u32', block],
        ['blocks', 'u32', blocks],
        ['rows', 'u32', rows],
        ['channels', 'u32', channels],
        ['columns', 'u32', columns],
        ['source_h', 'u32', height],
        ['source_w', 'u32', width],
        ['padding_h', 'u32', vertical.padding],
        ['padding_w', 'u32', horizontal.padding],
        ['batch_stride', 'u32', batchStride],
        ['channel_stride', 'u32', channelStride],
        ['row_stride', 'u32', planes ? rowStride : stepH * rowStride],
        ['row_rest_stride', 'u32', residueStride],
        ['column_rest_stride', 'u32', columnResidueStride],
      ],
      reads: [{ name: 'x', value: source, loads: 'once' }],
      writes: [{ name: 'y', value: copy }],
      workgroups: threads,
    }),
  };
}

/** Below so many of the rows' tiles, planes have few enough to be worth that their pixels are stored one by one. */
const FEWER = 0.9;
const WIDEST_PLANE = 32;

/** The layout in which tiles of so many neighbours are fewer. */
export function layoutFor([vertical, horizontal]: readonly AxisReach[], tile: number): Layout {
  const period = horizontal.pixels + farthest(horizontal);
  const rows = vertical.pixels * Math.ceil(horizontal.pixels / tile);
  const planes = Math.ceil(((vertical.pixels - 1) * period + horizontal.pixels) / tile);
  return horizontal.pixels <= WIDEST_PLANE && planes < FEWER * rows ? 'planes' : 'rows';
}

/** Taps by phases, those of both axes in order: rows of a kernel's table with the first of each phase and their number. */
export function tapTable(map: PaddedMap, [vertical, horizontal]: readonly AxisReach[], tapsW: number) {
  const taps: { readonly offset: number; readonly tap: number }[] = [];
  const phases: { readonly first: number; readonly count: number }[] = [];
  for (const v of vertical.phases) {
    for (const h of horizontal.phases) {
      const first = taps.length;
      for (const a of v)
        for (const b of h) taps.push({ offset: map.offset(a.offset, b.offset), tap: a.tap * tapsW + b.tap });
      phases.push({ first, count: taps.length - first });
    }
  }
  const rows = Math.max(taps.length, phases.length);
  return Array.from({ length: rows }, (_, k) => [
    taps[k]?.offset ?? 0,
    taps[k]?.tap ?? 0,
    phases[k]?.first ?? 0,
    phases[k]?.count ?? 0,
  ]).flat();
}
