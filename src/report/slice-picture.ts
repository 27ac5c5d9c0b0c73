import type { Slice } from '../data/case.ts';
import type { Png } from '../data/png.ts';
import type { Edges } from '../data/view/orientation.ts';
import { displayed, overlay } from './contact-sheet.ts';
import { drawText, textSize } from './pixel-font.ts';

export interface SlicePicture {
  /** Stored values; three channels are shown as RGB, else the first as grey. */
  readonly image: Slice;
  /** Class ids, [H, W]. */
  readonly label: Int32Array;
  /** Size of a pixel along H and W: they are drawn in proportion. */
  readonly pixel: readonly [number, number];
  /** What lies at the sides; absent where that is not known. */
  readonly edges?: Edges;
}

/** Pixels of the longer side of a slice as it is drawn. */
const SIDE = 320;
const scale = 2;
const letter = textSize('R', scale);
/** Around each panel, for the letters. */
const margin = Math.max(letter.width, letter.height) + 4;

/** Where a panel lies in its picture, and how large it is; for those who look for a voxel in it. */
export interface Panel {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The places of the image, and of the image under its labels. */
export function panelsOf({ image, pixel }: SlicePicture): readonly [Panel, Panel] {
  const [h, w] = [image.height * pixel[0], image.width * pixel[1]];
  const size = (length: number) => Math.max(1, Math.round((SIDE * length) / Math.max(h, w)));
  const panel = { top: margin, width: size(w), height: size(h) };
  return [
    { ...panel, left: margin },
    { ...panel, left: 3 * margin + panel.width },
  ];
}

/**
 * A slice, and beside it the same under its labels, drawn as it is stored: the first row at the top, the first column at the
 * left. Letters at the sides say where that is in the patient.
 */
export function slicePicture(shown: SlicePicture): Png {
  const { image, label, edges } = shown;
  const panels = panelsOf(shown);
  const [{ width, height }] = panels;
  const size = { width: 2 * (width + 2 * margin), height: height + 2 * margin };
  const png: Png = {
    ...size,
    channels: 3,
    depth: 8,
    data: new Uint8Array(size.width * size.height * 3).fill(255),
  };
  const plain = displayed(image);
  for (const [i, pixels] of [plain, overlay(plain, image, label)].entries()) {
    draw(png, pixels, image, panels[i]);
    if (edges) drawEdges(png, edges, panels[i]);
  }
  return png;
}

function draw(png: Png, pixels: Uint8Array, { height, width }: Slice, panel: Panel): void {
  for (let y = 0; y < panel.height; y++) {
    const row = Math.floor(((y + 0.5) * height) / panel.height) * width;
    for (let x = 0; x < panel.width; x++) {
      const from = (row + Math.floor(((x + 0.5) * width) / panel.width)) * 3;
      png.data.set(pixels.subarray(from, from + 3), ((panel.top + y) * png.width + panel.left + x) * 3);
    }
  }
}

function drawEdges(png: Png, { top, bottom, left, right }: Edges, panel: Panel): void {
  const [across, down] = [
    panel.left + Math.floor((panel.width - letter.width) / 2),
    panel.top + Math.floor((panel.height - letter.height) / 2),
  ];
  drawText(png, top, across, panel.top - letter.height - 2, scale);
  drawText(png, bottom, across, panel.top + panel.height + 2, scale);
  drawText(png, left, panel.left - letter.width - 4, down, scale);
  drawText(png, right, panel.left + panel.width + 4, down, scale);
}
