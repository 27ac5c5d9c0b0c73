import { cosPi } from '../../math.ts';
import type { AugmentOf } from '../../recipe/augmentations.ts';
import type { Random } from '../../recipe/random.ts';
import type { Slice } from '../case.ts';
import type { Window } from '../crop.ts';

/** How a window is moved before it takes its pixels from a slice. */
export interface Motion {
  /** Multiples of 180° by which what is seen turns, counter-clockwise. */
  readonly turns: number;
  /** How many times as high and as wide it becomes. */
  readonly factor: number;
}

/** A label that is no class, where there is nothing to learn from. */
const OUTSIDE = -1;

/** Windows that are longer than so many times their width are turned but little. */
const LONG = 1.5;

export function drawRotation(
  motion: Motion,
  { degrees, probability }: AugmentOf<'rotation'>,
  random: Random,
  { height, width }: Window,
): Motion {
  if (!random.chance(probability)) return motion;
  const long = Math.max(height, width) > LONG * Math.min(height, width);
  const most = degrees ?? (long ? 15 : 180);
  return { ...motion, turns: motion.turns + random.uniform(-most, most) / 180 };
}

export function drawScaling(
  motion: Motion,
  { low, high, probability }: AugmentOf<'scaling'>,
  random: Random,
): Motion {
  if (!random.chance(probability)) return motion;
  return { ...motion, factor: motion.factor * random.uniform(low, high) };
}

/**
 * What the window shows when it is turned and stretched about its middle. The image is bilinear, and 0 outside of the
 * slice; the label is the one with the largest bilinear weight, the least of equal ones, where −1 has the weight of
 * what lies outside; the mask is 1 where at least half of the weight has it.
 */
export function movedWindow<S extends Slice>(slice: S, window: Window, { turns, factor }: Motion): S {
  const { height, width } = window;
  const [rows, columns] = [slice.height, slice.width];
  const source = { plane: rows * columns, image: slice.image };
  const plane = height * width;
  const image = new Float32Array(slice.channels * plane);
  const label = slice.label && new Int32Array(plane).fill(OUTSIDE);
  const mask = slice.mask && new Uint8Array(plane);
  const cos = factor * cosPi(turns);
  const sin = factor * cosPi(turns - 0.5);
  const [halfHeight, halfWidth] = [(height - 1) / 2, (width - 1) / 2];
  const [middleY, middleX] = [window.top + halfHeight, window.left + halfWidth];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const atY = middleY + cos * (y - halfHeight) + sin * (x - halfWidth);
      const atX = middleX - sin * (y - halfHeight) + cos * (x - halfWidth);
      if (!(atY > -1 && atY < rows && atX > -1 && atX < columns)) continue;
      const [top, left] = [Math.floor(atY), Math.floor(atX)];
      const [down, across] = [atY - top, atX - left];
      // The four neighbours; one outside has weight 0 and the place of another.
      const upper = top >= 0 ? 1 - down : 0;
      const lower = top + 1 < rows ? down : 0;
      const before = left >= 0 ? 1 - across : 0;
      const after = left + 1 < columns ? across : 0;
      const first = Math.max(top, 0) * columns;
      const second = Math.min(top + 1, rows - 1) * columns;
      const [west, east] = [Math.max(left, 0), Math.min(left + 1, columns - 1)];
      const [a, b, c, d] = [first + west, first + east, second + west, second + east];
      const [wa, wb, wc, wd] = [upper * before, upper * after, lower * before, lower * after];
      for (let from = 0, to = i; to < image.length; from += source.plane, to += plane) {
        const pixels = source.image;
        image[to] =
          wa * pixels[from + a] + wb * pixels[from + b] + wc * pixels[from + c] + wd * pixels[from + d];
      }
      if (label) {
        const truth = slice.label!;
        label[i] = heaviest(truth[a], truth[b], truth[c], truth[d], wa, wb, wc, wd);
      }
      if (mask) {
        const inside = slice.mask!;
        const weight = (k: number, w: number) => (inside[k] === 0 ? 0 : w);
        mask[i] = weight(a, wa) + weight(b, wb) + weight(c, wc) + weight(d, wd) >= 0.5 ? 1 : 0;
      }
    }
  }
  return { ...slice, height, width, image, ...(label && { label }), ...(mask && { mask }) };
}

/** Of four labels with their weights the one with the largest sum; what is left to 1 belongs to no label. */
function heaviest(
  a: number,
  b: number,
  c: number,
  d: number,
  wa: number,
  wb: number,
  wc: number,
  wd: number,
): number {
  const inside = (label: number, weight: number) => (label === OUTSIDE ? 0 : weight);
  let best = OUTSIDE;
  let most = 1 - (inside(a, wa) + inside(b, wb) + inside(c, wc) + inside(d, wd));
  if (a === b && b === c && c === d) return most < 0.5 ? a : OUTSIDE;
  for (const [label, weight] of [
    [a, wa + (b === a ? wb : 0) + (c === a ? wc : 0) + (d === a ? wd : 0)],
    [b, wb + (a === b ? wa : 0) + (c === b ? wc : 0) + (d === b ? wd : 0)],
    [c, wc + (a === c ? wa : 0) + (b === c ? wb : 0) + (d === c ? wd : 0)],
    [d, wd + (a === d ? wa : 0) + (b === d ? wb : 0) + (c === d ? wc : 0)],
  ]) {
    if (weight > most || (weight === most && label < best)) {
      best = label;
      most = weight;
    }
  }
  return best;
}
