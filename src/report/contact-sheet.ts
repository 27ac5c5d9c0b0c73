import type { Slice } from '../data/case.ts';
import { type Png, writePng } from '../data/png.ts';
import { labelColours } from './label-colours.ts';
import { drawText, fitText, textSize } from './pixel-font.ts';

/** One row of a contact sheet. */
export interface SheetRow {
  /** Which image it is. */
  readonly title: string;
  /** Stored or normalised values; three channels are shown as RGB, else the first as grey. */
  readonly image: Slice;
  /** Class ids, [H, W]; what is ignored is not tinted. */
  readonly truth: Int32Array | Uint8Array;
  /** Class ids, [H, W]. */
  readonly prediction: Int32Array | Uint8Array;
}

const columns = ['image', 'truth', 'prediction'];
const gap = 6;
/** Of text. */
const scale = 2;
const line = textSize('', scale).height;

/** Colour of a class other than background. */
function colourOf(label: number): readonly number[] {
  return labelColours[(label - 1) % labelColours.length];
}

/**
 * A picture of results: a row for each image, from left to right the image, the image under its truth, and the image
 * under the prediction, with titles above columns and rows. Labels are tinted, with a full-coloured contour. Rows keep
 * their own size, on white; small ones are drawn larger, by whole factors.
 */
export function contactSheet(rows: readonly SheetRow[]): Png {
  if (rows.length === 0) throw new RangeError('a contact sheet needs at least one row');
  const factors = rows.map(({ image }) => enlargement(image));
  const panelWidth = Math.max(
    ...rows.map(({ image }, i) => image.width * factors[i]),
    ...columns.map((title) => textSize(title, scale).width),
  );
  const width = columns.length * (panelWidth + gap) + gap;
  const height = rows.reduce(
    (sum, { image }, i) => sum + image.height * factors[i] + line + 2 * gap,
    line + 2 * gap,
  );
  const data = new Uint8Array(width * height * 3).fill(255);
  const sheet: Png = { width, height, channels: 3, depth: 8, data };
  for (const [column, title] of columns.entries()) {
    drawText(sheet, title, gap + column * (panelWidth + gap), gap, scale);
  }
  let top = line + 2 * gap;
  for (const [i, { title, image, truth, prediction }] of rows.entries()) {
    drawText(sheet, fitText(title, width - 2 * gap, scale), gap, top, scale);
    top += line + gap;
    const picture = displayed(image);
    const panels = [picture, overlay(picture, image, truth), overlay(picture, image, prediction)];
    for (const [column, panel] of panels.entries()) {
      drawPanel(sheet, panel, image, gap + column * (panelWidth + gap), top, factors[i]);
    }
    top += image.height * factors[i] + gap;
  }
  return sheet;
}

/** A row of which no side is longer than `most`: every second pixel, or third, … of a larger one. */
export function reducedRow(row: SheetRow, most: number): SheetRow {
  const { channels, height, width, image } = row.image;
  const every = Math.ceil(Math.max(height, width) / most);
  if (every <= 1) return row;
  const [h, w] = [Math.ceil(height / every), Math.ceil(width / every)];
  const reduce = <A extends Float32Array | Int32Array | Uint8Array>(from: A, planes: number): A =>
    from.subarray(0, planes * h * w).map((_, i) => {
      const [plane, y, x] = [Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w];
      return from[(plane * height + y * every) * width + x * every];
    }) as A;
  return {
    ...row,
    image: { channels, height: h, width: w, image: reduce(image, channels) },
    truth: reduce(row.truth, 1),
    prediction: reduce(row.prediction, 1),
  };
}

/** Pixels of the sheet along one of the image's. */
function enlargement({ height, width }: Slice): number {
  return Math.max(1, Math.floor(256 / Math.max(height, width)));
}

function drawPanel(
  sheet: Png,
  panel: Uint8Array,
  { height, width }: Slice,
  left: number,
  top: number,
  factor: number,
): void {
  const line = new Uint8Array(width * factor * 3);
  for (let y = 0; y < height; y++) {
    for (let at = 0; at < line.length; at++) {
      const x = Math.floor(at / (3 * factor));
      line[at] = panel[(y * width + x) * 3 + (at % 3)];
    }
    for (let repeat = 0; repeat < factor; repeat++)
      sheet.data.set(line, ((top + y * factor + repeat) * sheet.width + left) * 3);
  }
}

/** Writes {@link contactSheet} as a PNG image, atomically. */
export function writeContactSheet(path: string, rows: readonly SheetRow[]): void {
  writePng(path, contactSheet(rows));
}

/** RGB pixels of 8 bits; the image's lowest and highest value become black and white. */
export function displayed({ channels, height, width, image }: Slice): Uint8Array {
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

/** The picture of a slice under its labels: tinted, with a full-coloured contour. */
export function overlay(
  picture: Uint8Array,
  { height, width }: Slice,
  labels: Int32Array | Uint8Array,
): Uint8Array {
  if (labels.length !== height * width) {
    throw new RangeError(`${labels.length} labels for an image of ${width}×${height}`);
  }
  const result = Uint8Array.from(picture);
  labels.forEach((label, i) => {
    if (label <= 0) return;
    const share = isContour(labels, i, height, width) ? 1 : tint;
    colourOf(label).forEach((value, c) => {
      result[i * 3 + c] = Math.round(share * value + (1 - share) * picture[i * 3 + c]);
    });
  });
  return result;
}

/** Whether a pixel has, above, below, left or right of it, a pixel of another class. */
function isContour(labels: Int32Array | Uint8Array, i: number, height: number, width: number): boolean {
  const [y, x] = [Math.floor(i / width), i % width];
  return (
    (y > 0 && labels[i - width] !== labels[i]) ||
    (y < height - 1 && labels[i + width] !== labels[i]) ||
    (x > 0 && labels[i - 1] !== labels[i]) ||
    (x < width - 1 && labels[i + 1] !== labels[i])
  );
}
