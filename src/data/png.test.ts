import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { encodePng, readLabelMap, readPng, writeLabelMap, writePng } from './png.ts';

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

/** Appends the CRC-32 of everything after the chunk's 4 length bytes. */
function withChecksum(bytes: Uint8Array): Uint8Array {
  let crc = -1;
  for (const byte of bytes.subarray(4)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  const end = Buffer.alloc(4);
  end.writeInt32BE(~crc);
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
