/** A page of one strip. */
export interface StripPage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly bits: number;
  readonly float: boolean;
  /** TIFF's number of the compression of `data`: 1 none, 5 LZW, 8 deflate. */
  readonly compression: number;
  readonly predictor: 1 | 2;
  /** The strip as it is stored. */
  readonly data: Uint8Array;
}

const [SHORT, LONG, RATIONAL] = [3, 4, 5];
/** After the header: the resolution of all pages, 1 / 1. */
const RESOLUTION = 8;

/** A TIFF file of these pages, one after the other (TIFF 6.0). */
export function encodeTiff(pages: readonly StripPage[], littleEndian = true): Uint8Array {
  const directories = pages.map((page) => entriesOf(page, 0).length * 12 + 6);
  const even = (length: number) => length + (length & 1);
  const sizes = pages.map(({ data }, i) => even(data.length) + directories[i]);
  const file = new Uint8Array(sizes.reduce((sum, size) => sum + size, RESOLUTION + 8));
  const view = new DataView(file.buffer);
  file.set(littleEndian ? [0x49, 0x49] : [0x4d, 0x4d]);
  view.setUint16(2, 42, littleEndian);
  view.setUint32(RESOLUTION, 1, littleEndian);
  view.setUint32(RESOLUTION + 4, 1, littleEndian);
  let [at, link] = [RESOLUTION + 8, 4];
  for (const page of pages) {
    file.set(page.data, at);
    const entries = entriesOf(page, at);
    at += even(page.data.length);
    view.setUint32(link, at, littleEndian);
    view.setUint16(at, entries.length, littleEndian);
    at += 2;
    for (const [tag, type, value] of entries) {
      view.setUint16(at, tag, littleEndian);
      view.setUint16(at + 2, type, littleEndian);
      view.setUint32(at + 4, 1, littleEndian);
      if (type === SHORT) view.setUint16(at + 8, value, littleEndian);
      else view.setUint32(at + 8, value, littleEndian);
      at += 12;
    }
    link = at;
    at += 4;
  }
  return file;
}

type Entry = readonly [tag: number, type: number, value: number];

function entriesOf(page: StripPage, offset: number): Entry[] {
  return [
    [256, LONG, page.width],
    [257, LONG, page.height],
    [258, SHORT, page.bits],
    [259, SHORT, page.compression],
    [262, SHORT, page.channels === 3 ? 2 : 1],
    [273, LONG, offset],
    [277, SHORT, page.channels],
    [278, LONG, page.height],
    [279, LONG, page.data.length],
    [282, RATIONAL, RESOLUTION],
    [283, RATIONAL, RESOLUTION],
    [296, SHORT, 1],
    [317, SHORT, page.predictor],
    [339, SHORT, page.float ? 3 : 1],
  ];
}
