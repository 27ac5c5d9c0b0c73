import type { Slice } from '../data/case.ts';
import { type Png, writePng } from '../data/png.ts';

/** One row of a contact sheet. */
export interface SheetRow {
  /** Stored or normalised values; three channels are shown as RGB, else the first as grey. */
  readonly image: Slice;
  /** Class ids, [H, W]. */
  readonly truth: Int32Array;
  /** Class ids, [H, W]. */
  readonly prediction: Int32Array;
}

type Colour = readonly [number, number, number];

/**
 * Colours of classes 1, 2, …, told apart also by the colour-blind (M. Okabe, K. Ito, "Color universal design",
 * 2008); beyond the seventh they repeat. Background has none.
 */
export const labelColours: readonly Colour[] = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [0, 114, 178],
  [213, 94, 0],
  [204, 121, 167],
];

const gap = 6;

/** Colour of a class other than background. */
function colourOf(label: number): Colour {
  return labelColours[(label - 1) % labelColours.length];
}

/**
 * A picture of results: a row for each image, from left to right the image, the image under its truth, and
 * the image under the prediction. Labels are tinted, with a full-coloured contour; rows keep their own size,
 * on white.
 */
export function contactSheet(rows: readonly SheetRow[]): Png {
  if (rows.length === 0) throw new RangeError('a contact sheet needs at least one row');
  const panelWidth = Math.max(...rows.map(({ image }) => image.width));
  const width = 3 * panelWidth + 4 * gap;
  const height = rows.reduce((sum, { image }) => sum + image.height + gap, gap);
  const data = new Uint8Array(width * height * 3).fill(255);
  let top = gap;
  for (const { image, truth, prediction } of rows) {
    const picture = displayed(image);
    const panels = [picture, overlay(picture, image, truth), overlay(picture, image, prediction)];
    panels.forEach((panel, column) => {
      const left = gap + column * (panelWidth + gap);
      for (let y = 0; y < image.height; y++) {
        const row = panel.subarray(y * image.width * 3, (y + 1) * image.width * 3);
        data.set(row, ((top + y) * width + left) * 3);
      }
    });
    top += image.height + gap;
  }
  return { width, height, channels: 3, depth: 8, data };
}

/** Writes {@link contactSheet} as a PNG image, atomically. */
export function writeContactSheet(path: string, rows: readonly SheetRow[]): void {
  writePng(path, contactSheet(rows));
}

/** RGB pixels of 8 bits; the image's lowest and highest value become black and white. */
function displayed({ channels, height, width, image }: Slice): Uint8Array {
  const plane = height * width;
  const shown = channels === 3 ? 3 : 1;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of image.subarray(0, shown * plane)) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const scale = high > low ? 255 / (high - low) : 0;
  const pixels = new Uint8Array(plane * 3);
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++)
      pixels[i * 3 + c] = Math.round((image[(c % shown) * plane + i] - low) * scale);
  }
  return pixels;
}

/** Share of the label's colour inside its contour. */
const tint = 0.25;

function overlay(picture: Uint8Array, { height, width }: Slice, labels: Int32Array): Uint8Array {
  if (labels.length !== height * width) {
    throw new RangeError(`${labels.length} labels for an image of ${width}×${height}`);
  }
  const result = Uint8Array.from(picture);
  labels.forEach((label, i) => {
    if (label === 0) return;
    const share = isContour(labels, i, height, width) ? 1 : tint;
    colourOf(label).forEach((value, c) => {
      result[i * 3 + c] = Math.round(share * value + (1 - share) * picture[i * 3 + c]);
    });
  });
  return result;
}

/** Whether a pixel has, above, below, left or right of it, a pixel of another class. */
function isContour(labels: Int32Array, i: number, height: number, width: number): boolean {
  const [y, x] = [Math.floor(i / width), i % width];
  return (
    (y > 0 && labels[i - width] !== labels[i]) ||
    (y < height - 1 && labels[i + width] !== labels[i]) ||
    (x > 0 && labels[i - 1] !== labels[i]) ||
    (x < width - 1 && labels[i + 1] !== labels[i])
  );
}
