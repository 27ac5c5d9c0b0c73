import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { readImage, readLabels, writeLabels } from '../image.ts';
import { encodeTiff, type StripPage } from './encode.ts';
import { readTiff } from './tiff.ts';

const folder = mkdtempSync(join(tmpdir(), 'archc-tiff-'));
afterAll(() => rmSync(folder, { recursive: true }));
const written = (name: string, bytes: Uint8Array | string) => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

/** Written by libtiff: 40×24 pixels of these values. */
const fixture = (name: string) => `tests/fixtures/tiff/${name}.tif`;
const [width, height] = [40, 24];
const picture = (channels: number, value: (x: number, y: number, c: number) => number) =>
  Float32Array.from({ length: channels * height * width }, (_, i) =>
    value(i % width, Math.floor(i / width) % height, Math.floor(i / (width * height))),
  );
const eight = (x: number, y: number, c: number) => (x * 7 + y * 13 + c * 50) % 256;

const page = (changes: Partial<StripPage> & Pick<StripPage, 'data'>): StripPage => ({
  ...{ width: 2, height: 2, channels: 1, bits: 8, float: false, compression: 1, predictor: 1 },
  ...changes,
});
const four = page({ data: Uint8Array.of(1, 2, 3, 4) });

describe('readTiff', () => {
  it.each([
    ['grey8-lzw-predictor', 1, eight],
    ['rgb8-deflate-tiles-predictor', 3, eight],
    ['rgb8-lzw-tiles', 3, eight],
    ['grey16-deflate-predictor', 1, (x: number, y: number) => (x * 700 + y * 1300) % 65536],
  ] as const)('reads what libtiff writes: %s', (name, channels, value) => {
    const found = readTiff(fixture(name));
    expect([found.channels, found.shape]).toEqual([channels, [1, height, width]]);
    expect(found.data).toEqual(picture(channels, value));
  });

  it('reads pages as the slices of a volume', () => {
    const { channels, shape, data } = readTiff(fixture('pages-lzw'));
    expect([channels, shape]).toEqual([3, [3, height, width]]);
    const at = (c: number, z: number, y: number, x: number) => data[((c * 3 + z) * height + y) * width + x];
    for (const [c, z, y, x] of [
      [0, 0, 0, 0],
      [1, 1, 5, 39],
      [2, 2, 23, 7],
    ])
      expect(at(c, z, y, x)).toBe((x + 10 * y + 60 * z) % 256);
  });

  it('reads both byte orders, and floating point', () => {
    const values = [0.5, -3, 1e9, 65504];
    for (const little of [true, false]) {
      const data = new Uint8Array(16);
      for (const [i, value] of values.entries()) new DataView(data.buffer).setFloat32(4 * i, value, little);
      const path = written('f.tif', encodeTiff([page({ data, bits: 32, float: true })], little));
      expect([...readTiff(path).data]).toEqual(values);
    }
    const data = Uint8Array.of(1, 0, 2, 0, 3, 0, 255, 255);
    const path = written('u.tif', encodeTiff([page({ data, bits: 16 })], false));
    expect([...readTiff(path).data]).toEqual([256, 512, 768, 65535]);
  });
});

const bad = (message: RegExp) =>
  expect.objectContaining({ code: 'bad-tiff', message: expect.stringMatching(message) });

describe('what is not read', () => {
  it.each([
    ['rgb8-jpeg', /compressed by JPEG/],
    ['packbits', /compressed by PackBits/],
    ['rgba8', /4 samples a pixel of RGB, one of them transparency/],
  ])('%s', (name, message) => {
    expect(() => readTiff(fixture(name))).toThrow(bad(message));
  });

  /** The file of four pixels with another value of an entry. */
  const changed = (tag: number, value: number) => {
    const bytes = encodeTiff([four]);
    const view = new DataView(bytes.buffer);
    const start = view.getUint32(4, true);
    for (let at = start + 2; at < bytes.length; at += 12)
      if (view.getUint16(at, true) === tag) view.setUint16(at + 8, value, true);
    return written('changed.tif', bytes);
  };
  it.each([
    [262, 0, /grey where 0 is white/],
    [262, 3, /colours of a palette/],
    [262, 5, /CMYK/],
    [339, 2, /8 bits \(signed integers\)/],
    [258, 1, /samples of 1 bits/],
    [258, 32, /samples of 32 bits/],
    [317, 3, /differences of kind 3/],
    [277, 2, /2 samples a pixel of grey, one of them transparency/],
    [277, 5, /5 samples a pixel of grey;/],
    [259, 50000, /compressed by Zstandard/],
    [256, 0, /claims 0×2 pixels/],
    [257, 0, /claims 2×0 pixels/],
  ])('entry %i of %i', (tag, value, message) => {
    expect(readTiff(written('good.tif', encodeTiff([four]))).data).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(() => readTiff(changed(tag, value))).toThrow(bad(message));
  });

  it('pages that are no slices, and other files', () => {
    const large = page({ width: 4, data: new Uint8Array(8) });
    expect(() => readTiff(written('a.tif', encodeTiff([four, large])))).toThrow(
      bad(/the first is 2×2.*page 2 4×2/),
    );
    expect(() => readTiff(written('a.tif', 'no image at all'))).toThrow(bad(/is not a TIFF file/));
    expect(() => readTiff(written('a.tif', ''))).toThrow(bad(/is not a TIFF file/));
    const big = encodeTiff([four]);
    big[2] = 43;
    expect(() => readTiff(written('a.tif', big))).toThrow(bad(/BigTIFF/));
  });
});

describe('damaged files and bombs', () => {
  const read = (bytes: Uint8Array) => () => readTiff(written('bad.tif', bytes));

  it('a file that was cut off, wherever', () => {
    const whole = readFileSync(fixture('grey8-lzw-predictor'));
    for (const length of [4, 8, 20, 100, whole.length - 1])
      expect(read(whole.subarray(0, length))).toThrow(bad(/truncated|is not a TIFF file/));
  });

  it('pages in a circle', () => {
    const bytes = encodeTiff([four]);
    const view = new DataView(bytes.buffer);
    view.setUint32(bytes.length - 4, view.getUint32(4, true), true);
    expect(read(bytes)).toThrow(bad(/in a circle/));
  });

  it('more pixels than the file can hold', () => {
    const claim = { width: 65535, height: 65535, data: new Uint8Array(16) };
    expect(read(encodeTiff([page(claim)]))).toThrow(bad(/claims 65535×65535 pixels; at most/));
    const size = { width: 16384, height: 16384 };
    expect(read(encodeTiff([page({ ...size, data: new Uint8Array(16) })]))).toThrow(bad(/holds 16 bytes/));
    const data = deflateSync(new Uint8Array(4));
    expect(read(encodeTiff([page({ ...size, compression: 8, data })]))).toThrow(bad(/and holds \d+ bytes/));
  });

  it('more or fewer pixels than it claims', () => {
    const zeros = deflateSync(new Uint8Array(2 ** 26));
    expect(read(encodeTiff([page({ compression: 8, data: zeros })]))).toThrow(bad(/unfolds to more than/));
    const few = deflateSync(new Uint8Array(3));
    expect(read(encodeTiff([page({ compression: 8, data: few })]))).toThrow(bad(/3 bytes of pixels where 4/));
    expect(read(encodeTiff([page({ data: new Uint8Array(3) })]))).toThrow(bad(/holds 3 bytes/));
    const broken = deflateSync(new Uint8Array(4));
    broken[4] ^= 255;
    expect(read(encodeTiff([page({ compression: 8, data: broken })]))).toThrow(bad(/damaged/));
  });

  it('LZW that unfolds to more, or is none', () => {
    expect(read(encodeTiff([page({ compression: 5, data: lzwOfZeros(3000) })]))).toThrow(
      bad(/unfolds to more/),
    );
    expect(
      readTiff(written('z.tif', encodeTiff([page({ compression: 5, data: lzwOfZeros(2) })]))).data,
    ).toEqual(new Float32Array(4));
    expect(read(encodeTiff([page({ compression: 5, data: Uint8Array.of(255, 255, 255) })]))).toThrow(
      bad(/LZW codes without a string/),
    );
  });

  it('an ImageJ stack whose pages are no slices, or not all there', () => {
    expect(read(described('ImageJ=1.54\nimages=30\nslices=30\n'))).toThrow(bad(/30 images, and has 1 page/));
    expect(read(described('ImageJ=1.54\nimages=2\nchannels=2\n'))).toThrow(bad(/2 channels, whose pages/));
    expect(read(described('{"shape": [5, 2, 2]}'))).toThrow(bad(/an array of 5×2×2/));
    expect(readTiff(written('d.tif', described('{"shape": [2, 2]}'))).shape).toEqual([1, 2, 2]);
  });
});

/** Zeros as LZW: a string of one more with each code, 1 + 2 + … + count of them, one less than 256 codes. */
function lzwOfZeros(count: number): Uint8Array {
  let [bits, held, next, width] = [0, 0, 258, 9];
  const bytes: number[] = [];
  const put = (code: number) => {
    held = (held << width) | code;
    bits += width;
    for (; bits >= 8; bits -= 8) bytes.push((held >> (bits - 8)) & 255);
    held &= (1 << bits) - 1;
  };
  put(256);
  put(0);
  for (let i = 1; i < Math.min(count, 3800); i++) {
    put(258 + i - 1);
    next++;
    if (next === (1 << width) - 1 && width < 12) width++;
  }
  // A string of one is 0, of two 258: three zeros, and one more.
  if (count === 2) put(0);
  put(257);
  if (bits > 0) bytes.push((held << (8 - bits)) & 255);
  return Uint8Array.from(bytes);
}

/** Four pixels whose entry 296 (of no use here) becomes a description. */
function described(text: string): Uint8Array {
  const plain = encodeTiff([four]);
  const bytes = new Uint8Array(plain.length + text.length + 1);
  bytes.set(plain);
  bytes.set(new TextEncoder().encode(text), plain.length);
  const view = new DataView(bytes.buffer);
  for (let at = view.getUint32(4, true) + 2; at < plain.length - 4; at += 12) {
    if (view.getUint16(at, true) !== 296) continue;
    view.setUint16(at, 270, true);
    view.setUint16(at + 2, 2, true);
    view.setUint32(at + 4, text.length + 1, true);
    view.setUint32(at + 8, plain.length, true);
  }
  return bytes;
}

describe('label maps', () => {
  const volume = encodeTiff([four, page({ data: Uint8Array.of(5, 6, 7, 8) })]);

  it('come back as they were written, with the spacing of their image', () => {
    const image = written('v_0000.tif', volume);
    written('v.json', '{"spacing": [3, 0.5, 0.25]}');
    expect(readImage(image)).toMatchObject({ shape: [2, 2, 2], spacing: [3, 0.5, 0.25] });
    const labels = Int32Array.of(0, 1, 255, 2, 0, 0, 1, 1);
    const path = join(folder, 'out.tif');
    writeLabels(path, labels, image);
    expect(readLabels(path)).toEqual({ shape: [2, 2, 2], spacing: [3, 0.5, 0.25], data: labels });
    expect(() => writeLabels(path, Int32Array.of(1), image)).toThrow(/1 labels for an image of 2×2×2/);
    expect(() => writeLabels(join(folder, 'out.png'), labels, image)).toThrow(/same kind of image/);
  });

  it('have 16 bits where they hold instances', () => {
    const path = written(
      'i.tiff',
      encodeTiff([page({ bits: 16, data: Uint8Array.of(0, 0, 1, 0, 44, 1, 255, 255) })]),
    );
    expect([...readLabels(path).data]).toEqual([0, 1, 300, 65535]);
    expect(() => readLabels(fixture('rgb8-lzw-tiles'))).toThrow(/has 3 channels; a label map has one/);
  });

  it('refuses a spacing that is none', () => {
    const path = written('s.tif', volume);
    for (const text of ['{"spacing": [1, 2]}', '{"spacing": [1, 2, 0]}', '[]', 'none']) {
      written('s.json', text);
      expect(() => readLabels(path)).toThrow(expect.objectContaining({ code: 'bad-spacing' }));
    }
  });
});
