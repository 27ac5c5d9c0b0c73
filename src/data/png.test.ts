import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { decode, encode } from 'fast-png';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { readLabelMap, readPng, writeLabelMap, writePng } from './png.ts';
import { encodePng } from './png-format.ts';

const folder = mkdtempSync(join(tmpdir(), 'png-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'image.png');

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).message).toContain(path);
    return (error as InputError).message;
  }
  throw new Error('nothing was thrown');
}

describe('readPng', () => {
  it.each([1, 2, 3, 4])('reads %i channel(s) at 8 and 16 bits', (channels) => {
    const count = 3 * 2 * channels;
    const bytes = Uint8Array.from({ length: count }, (_, i) => i * 10);
    writePng(path, { width: 3, height: 2, channels, depth: 8, data: bytes });
    expect(readPng(path)).toEqual({ width: 3, height: 2, channels, depth: 8, data: bytes });
    const words = Uint16Array.from({ length: count }, (_, i) => i * 2500 + 1);
    writePng(path, { width: 3, height: 2, channels, depth: 16, data: words });
    expect(readPng(path)).toEqual({ width: 3, height: 2, channels, depth: 16, data: words });
  });

  it('scales grey of 1, 2 and 4 bits to 8, with rows that end within a byte', () => {
    writeFileSync(
      path,
      encode({ width: 5, height: 2, channels: 1, depth: 1, data: Uint8Array.of(0xa8, 0x50) }),
    );
    expect([...readPng(path).data]).toEqual([255, 0, 255, 0, 255, 0, 255, 0, 255, 0]);
    expect([...readLabelMap(path).data]).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
    writeFileSync(
      path,
      encode({ width: 3, height: 1, channels: 1, depth: 4, data: Uint8Array.of(0x0f, 0x70) }),
    );
    expect([...readPng(path).data]).toEqual([0, 255, 119]);
    writeFileSync(
      path,
      encode({ width: 3, height: 1, channels: 1, depth: 2, data: Uint8Array.of(0b00011100) }),
    );
    expect([...readLabelMap(path).data]).toEqual([0, 1, 3]);
  });
});

/** A PNG file of scan lines, each with its filter's byte, as they stand in it. */
function fileOf(width: number, height: number, colour: number, depth: number, lines: Buffer, interlace = 0) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, interlace], 8);
  return Buffer.concat([
    encodePng({ width: 1, height: 1, channels: 1, depth: 8, data: Uint8Array.of(0) }).subarray(0, 8),
    chunk('IHDR', [...header]),
    chunk('IDAT', [...deflateSync(lines)]),
    chunk('IEND', []),
  ]);
}

/** Bytes that look like chance, the same each time. */
const bytesOf = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i * i * 31 + i * 7) >> 3);

/** What a decoder of others' makes of it. */
const others = (bytes: Uint8Array) => [...decode(bytes, { checkCrc: true }).data];

describe('decoding and encoding, beside fast-png', () => {
  const colours = [
    [0, 1],
    [2, 3],
    [4, 2],
    [6, 4],
  ];

  it.each(colours)('undoes each filter, in colour type %i', (colour, channels) => {
    for (const depth of [8, 16]) {
      const row = (7 * channels * depth) / 8;
      const lines = Buffer.from(bytesOf(10 * (1 + row)));
      for (let y = 0; y < 10; y++) lines[y * (1 + row)] = y % 5;
      const bytes = fileOf(7, 10, colour, depth, lines);
      writeFileSync(path, bytes);
      expect([...readPng(path).data]).toEqual(others(bytes));
    }
  });

  it.each(colours)('puts interlaced pixels in their places, in colour type %i', (colour, channels) => {
    const passes = [8, 8, 4, 4, 2, 2, 1].map((dx, p) => [
      [0, 4, 0, 2, 0, 1, 0][p],
      [0, 0, 4, 0, 2, 0, 1][p],
      dx,
      [8, 8, 8, 4, 4, 2, 2][p],
    ]);
    for (const [width, height] of [
      [1, 1],
      [3, 5],
      [9, 8],
      [17, 13],
    ]) {
      for (const depth of [8, 16]) {
        const lines = passes.flatMap(([x, y, dx, dy]) => {
          const pixels = Math.max(0, Math.ceil((width - x) / dx));
          const rows = pixels === 0 ? 0 : Math.max(0, Math.ceil((height - y) / dy));
          const row = (pixels * channels * depth) / 8;
          return Array.from({ length: rows }, (_, r) =>
            Buffer.from([r % 5, ...bytesOf(row + r).subarray(r)]),
          );
        });
        const bytes = fileOf(width, height, colour, depth, Buffer.concat(lines), 1);
        writeFileSync(path, bytes);
        expect([...readPng(path).data]).toEqual(others(bytes));
      }
    }
  });

  it.each(colours)('writes what others read, in colour type %i', (_, channels) => {
    const count = 5 * 3 * channels;
    const eight = { width: 5, height: 3, channels, depth: 8, data: bytesOf(count) } as const;
    expect(others(encodePng(eight))).toEqual([...eight.data]);
    const data = Uint16Array.from({ length: count }, (_, i) => i * 1234);
    expect(others(encodePng({ ...eight, depth: 16, data }))).toEqual([...data]);
  });

  it('refuses a checksum that is wrong, a filter and a colour type that are none', () => {
    const damaged = Buffer.from(fileOf(1, 1, 0, 8, Buffer.from([0, 1])));
    damaged[30] ^= 1;
    const files = [damaged, fileOf(1, 1, 0, 8, Buffer.from([5, 1])), fileOf(1, 1, 5, 8, Buffer.from([0, 1]))];
    const messages = files.map((bytes) => {
      writeFileSync(path, bytes);
      return messageOf(() => readPng(path));
    });
    expect(messages[0]).toContain('checksum of the chunk IHDR');
    expect(messages[1]).toContain('filter 5');
    expect(messages[2]).toContain('colour type 5');
  });
});

describe('palette images', () => {
  // fast-png writes no palettes: put PLTE (and tRNS) into a grey file, and turn its colour type to 3.
  const paletteFile = (indices: number[], colours: number[], alpha?: number[]) => {
    const grey = encode({ width: indices.length, height: 1, channels: 1, data: Uint8Array.from(indices) });
    grey[25] = 3;
    const header = withChecksum(grey.slice(8, 33 - 4));
    const chunks = [chunk('PLTE', colours), ...(alpha ? [chunk('tRNS', alpha)] : [])];
    writeFileSync(path, Buffer.concat([grey.slice(0, 8), header, ...chunks, grey.slice(33)]));
  };
  const colours = [0, 0, 0, 255, 0, 0, 0, 255, 9];

  it('become RGB, or RGBA where a colour is not opaque', () => {
    paletteFile([0, 2, 1], colours);
    expect(readPng(path)).toMatchObject({
      channels: 3,
      depth: 8,
      data: Uint8Array.of(0, 0, 0, 0, 255, 9, 255, 0, 0),
    });
    paletteFile([0, 1], colours, [255, 255, 255]);
    expect(readPng(path).channels).toBe(3);
    paletteFile([0, 1], colours, [0]);
    expect(readPng(path)).toMatchObject({ channels: 4, data: Uint8Array.of(0, 0, 0, 0, 255, 0, 0, 255) });
  });

  it('are label maps by their indices', () => {
    paletteFile([0, 2, 1], colours);
    expect([...readLabelMap(path).data]).toEqual([0, 2, 1]);
  });

  it('are refused where an index has no colour', () => {
    paletteFile([0, 3], colours);
    expect(messageOf(() => readPng(path))).toContain('index 3 in a palette of 3 colours');
  });
});

/** A PNG chunk from its type and content. */
function chunk(type: string, content: number[]): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return withChecksum(Buffer.concat([length, Buffer.from(type), Buffer.from(content)]));
}

/** Appends the checksum of everything after the chunk's 4 length bytes. */
function withChecksum(bytes: Uint8Array): Uint8Array {
  const end = Buffer.alloc(4);
  end.writeUInt32BE(crc32(bytes.subarray(4)));
  return Buffer.concat([bytes, end]);
}

describe('what is not a whole PNG image', () => {
  const image = {
    width: 8,
    height: 8,
    channels: 1,
    depth: 8,
    data: new Uint8Array(64).map((_, i) => i),
  } as const;

  it('is refused at every truncation', () => {
    const bytes = encodePng(image);
    for (let length = 0; length < bytes.length; length++) {
      writeFileSync(path, bytes.slice(0, length));
      messageOf(() => readPng(path));
    }
  });

  it('is refused when it is text, damaged, or claims absurd sizes', () => {
    writeFileSync(path, 'GIF89a and nothing of a PNG at all');
    expect(messageOf(() => readPng(path))).toContain('is not a PNG image');
    const damaged = encodePng(image);
    damaged[damaged.length - 20] ^= 0x55;
    writeFileSync(path, damaged);
    expect(messageOf(() => readPng(path))).toContain('damaged');
    const huge = Buffer.from(encodePng(image));
    huge.writeUInt32BE(2 ** 31, 16);
    writeFileSync(path, huge);
    expect(messageOf(() => readPng(path))).toContain('claims 2147483648×8 pixels');
  });
});

describe('label maps', () => {
  it('round trip through 8-bit grey, deterministically', () => {
    const labels = { width: 2, height: 2, data: Int32Array.of(0, 1, 2, 255) };
    writeLabelMap(path, labels);
    const first = readFileSync(path);
    expect(readLabelMap(path)).toEqual(labels);
    writeLabelMap(path, labels);
    expect(readFileSync(path)).toEqual(first);
    expect(() => writeLabelMap(path, { ...labels, data: Int32Array.of(0, 0, 0, 256) })).toThrow(RangeError);
  });

  it('have one channel', () => {
    writePng(path, { width: 1, height: 1, channels: 3, depth: 8, data: Uint8Array.of(1, 2, 3) });
    expect(messageOf(() => readLabelMap(path))).toContain('has 3 channels');
  });
});
