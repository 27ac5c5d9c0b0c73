import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { readNifti } from './nifti.ts';
import { readPng } from './png.ts';

const folder = mkdtempSync(join(tmpdir(), 'archc-bombs-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, bytes: Uint8Array) => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  crc.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, crc]);
}

/** A grey PNG of 8 bits that claims a size. */
function png(width: number, height: number, data: Uint8Array, ...more: Buffer[]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const parts = [
    chunk('IHDR', header),
    ...more,
    chunk('IDAT', deflateSync(data)),
    chunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([signature, ...parts]);
}

test('a PNG that claims what it does not hold, or holds more than it claims', () => {
  expect(readPng(file('good.png', png(2, 2, Buffer.from([0, 1, 2, 0, 3, 4])))).data).toEqual(
    Uint8Array.of(1, 2, 3, 4),
  );
  const bad = (message: RegExp) =>
    expect.objectContaining({ code: 'bad-png', message: expect.stringMatching(message) });
  const read = (bytes: Uint8Array) => () => readPng(file('bad.png', bytes));
  expect(read(png(65535, 65535, Buffer.alloc(6)))).toThrow(bad(/claims 65535×65535 pixels/));
  expect(read(png(16384, 16384, Buffer.alloc(6)))).toThrow(
    bad(/6 bytes of pixels where its header tells of 268435456/),
  );
  expect(read(png(2, 2, Buffer.alloc(2 ** 26)))).toThrow(bad(/the image unfolds to more than \d+ bytes/));
  const profile = chunk('iCCP', Buffer.concat([Buffer.from('p\0\0'), deflateSync(Buffer.alloc(2 ** 26))]));
  expect(read(png(2, 2, Buffer.from([0, 1, 2, 0, 3, 4]), profile))).toThrow(
    bad(/colour profile unfolds to more/),
  );
});

/** A NIfTI-1 volume of 8 bits with these sizes. */
function nifti(sizes: readonly number[], voxels: number): Buffer {
  const bytes = Buffer.alloc(352 + voxels);
  bytes.writeInt32LE(348, 0);
  for (const [i, n] of [sizes.length, ...sizes].entries()) bytes.writeInt16LE(n, 40 + 2 * i);
  bytes.writeInt16LE(2, 70);
  bytes.writeInt16LE(8, 72);
  for (let i = 0; i < 4; i++) bytes.writeFloatLE(1, 76 + 4 * i);
  bytes.writeFloatLE(352, 108);
  bytes.write('n+1\0', 344);
  return bytes;
}

test('a compressed volume unfolds to what its header tells', () => {
  expect(readNifti(file('good.nii.gz', gzipSync(nifti([2, 3, 4], 24)))).shape).toEqual([4, 3, 2]);
  const bad = (message: RegExp) =>
    expect.objectContaining({ code: 'bad-nifti', message: expect.stringMatching(message) });
  const read = (bytes: Uint8Array) => () => readNifti(file('bad.nii.gz', gzipSync(bytes)));
  expect(read(nifti([2, 3, 4], 2 ** 26))).toThrow(bad(/unfolds to more than the voxels/));
  expect(read(nifti([2000, 2000, 4], 24))).toThrow(bad(/truncated: 16000000 bytes/));
  expect(read(nifti([32000, 32000, 32000], 24))).toThrow(bad(/tells of \d+ bytes; at most/));
});
