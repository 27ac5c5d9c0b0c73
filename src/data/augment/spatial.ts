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
  const { height: rows, width: columns, image: pixels, label: truth, mask: inside } = slice;
  const plane = height * width;
  const image = new Float32Array(slice.channels * plane);
  const label = truth && new Int32Array(plane).fill(OUTSIDE);
  const mask = inside && new Uint8Array(plane);
  const cos = factor * cosPi(turns);
  const sin = factor * cosPi(turns - 0.5);
  const halfHeight = (height - 1) / 2;
  const halfWidth = (width - 1) / 2;
  const middleY = window.top + halfHeight;
  const middleX = window.left + halfWidth;
  for (let y = 0, i = 0; y < height; y++) {
    const dy = y - halfHeight;
    for (let x = 0; x < width; x++, i++) {
      const dx = x - halfWidth;
      const atY = middleY + cos * dy + sin * dx;
      const atX = middleX - sin * dy + cos * dx;
      if (!(atY > -1 && atY < rows && atX > -1 && atX < columns)) continue;
      const top = Math.floor(atY);
      const left = Math.floor(atX);
      // The four neighbours; one outside has weight 0 and the place of another.
      const upper = top >= 0 ? 1 - (atY - top) : 0;
      const lower = top + 1 < rows ? atY - top : 0;
      const before = left >= 0 ? 1 - (atX - left) : 0;
      const after = left + 1 < columns ? atX - left : 0;
      const first = Math.max(top, 0) * columns;
      const second = (top + 1 < rows ? top + 1 : top) * columns;
      const west = Math.max(left, 0);
      const east = left + 1 < columns ? left + 1 : left;
      const a = first + west;
      const b = first + east;
      const c = second + west;
      const d = second + east;
      const wa = upper * before;
      const wb = upper * after;
      const wc = lower * before;
      const wd = lower * after;
      for (let from = 0, to = i; to < image.length; from += rows * columns, to += plane) {
        image[to] =
          wa * pixels[from + a] + wb * pixels[from + b] + wc * pixels[from + c] + wd * pixels[from + d];
      }
      if (label) label[i] = heaviest(truth!, a, b, c, d, wa, wb, wc, wd);
      if (mask) {
        const weight = wa * inside![a] + wb * inside![b] + wc * inside![c] + wd * inside![d];
        mask[i] = weight >= 0.5 ? 1 : 0;
      }
    }
  }
  return { ...slice, height, width, image, ...(label && { label }), ...(mask && { mask }) };
}

/** Of the labels at four places the one with the largest sum of weights; what is left to 1 belongs to no label. */
function heaviest(
  truth: Int32Array,
  a: number,
  b: number,
  c: number,
  d: number,
  wa: number,
  wb: number,
  wc: number,
  wd: number,
): number {
  const label = truth[a];
  if (label === truth[b] && label === truth[c] && label === truth[d]) {
    return wa + wb + wc + wd > 0.5 ? label : OUTSIDE;
  }
  const labels = [label, truth[b], truth[c], truth[d]];
  const weights = [wa, wb, wc, wd];
  let best = OUTSIDE;
  let most = 1;
  for (let k = 0; k < 4; k++) if (labels[k] !== OUTSIDE) most -= weights[k];
  for (const one of labels) {
    let weight = 0;
    for (let k = 0; k < 4; k++) if (labels[k] === one) weight += weights[k];
    if (weight > most || (weight === most && one < best)) {
      best = one;
      most = weight;
    }
  }
  return best;
}
