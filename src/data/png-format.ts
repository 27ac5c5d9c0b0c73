import { crc32, deflateSync, inflateSync } from 'node:zlib';

/** What a PNG file holds: samples as they are stored, one array element each, channels interleaved. */
export interface PngSamples {
  readonly width: number;
  readonly height: number;
  /** 1 grey or indices of a palette, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
  readonly channels: number;
  /** Bits a sample. */
  readonly depth: number;
  readonly data: Uint8Array | Uint16Array;
  /** Colours that the samples are indices of: RGBA. */
  readonly palette?: readonly (readonly number[])[];
}

interface Header extends Omit<PngSamples, 'data' | 'palette'> {
  readonly colour: number;
  readonly interlaced: boolean;
}

/** Every `dx`th pixel of every `dy`th row, from `x`, `y` on. */
interface Pass {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Channels by colour type. */
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const PALETTE = 3;

/** Bits a sample by colour type. */
const depthsOf: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

const whole: readonly Pass[] = [{ x: 0, y: 0, dx: 1, dy: 1 }];

/** Adam7. */
const interlacedPasses: readonly Pass[] = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];

/** Bytes that may follow the pixels: some programs leave a few. */
const SPARE = 64;

export function hasPngSignature(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/** The size that a file with a whole header claims. */
export function claimedSize(bytes: Uint8Array): { width: number; height: number } {
  const view = viewOf(bytes);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/**
 * Reads a file that begins with the signature. What it unfolds to is bounded by what its header tells: some kilobytes can
 * hold gigabytes of zeros. Chunks that are not needed for the samples are checked but not read. Throws an Error where
 * it is no whole PNG image.
 */
export function decodePng(bytes: Uint8Array): PngSamples {
  const chunks = chunksOf(bytes);
  const header = headerOf(chunks.find(({ type }) => type === 'IHDR')?.data);
  const parts = chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data);
  const passes = header.interlaced ? interlacedPasses : whole;
  const size = passes.reduce((n, pass) => n + passBytes(header, pass), 0);
  const unfolded = inflated(Buffer.concat(parts), size + SPARE);
  if (unfolded.length < size)
    throw new Error(`${unfolded.length} bytes of pixels where its header tells of ${size}`);
  const { width, height, channels, depth } = header;
  const data = new (depth === 16 ? Uint16Array : Uint8Array)(width * height * channels);
  let at = 0;
  for (const pass of passes) {
    unfilter(header, pass, unfolded.subarray(at));
    takeSamples(header, pass, unfolded.subarray(at), data);
    at += passBytes(header, pass);
  }
  return { width, height, channels, depth, data, palette: paletteOf(header, chunks) };
}

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

function chunksOf(bytes: Uint8Array): Chunk[] {
  const view = viewOf(bytes);
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE.length; ; ) {
    if (at + 12 > bytes.length) throw new Error('it ends before its last chunk');
    const end = at + 8 + view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (end + 4 > bytes.length) throw new Error(`it ends within the chunk ${type}`);
    if (crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end))
      throw new Error(`the checksum of the chunk ${type} is wrong`);
    if (type === 'IEND') return chunks;
    chunks.push({ type, data: bytes.subarray(at + 8, end) });
    at = end + 4;
  }
}

function headerOf(data: Uint8Array | undefined): Header {
  if (data?.length !== 13) throw new Error('it has no header');
  const view = viewOf(data);
  const [depth, colour, compression, filter, interlace] = data.subarray(8);
  if (!depthsOf[colour]?.includes(depth))
    throw new Error(`colour type ${colour} with ${depth} bits a sample is none of PNG's`);
  if (compression !== 0 || filter !== 0 || interlace > 1)
    throw new Error(
      `compression ${compression}, filter ${filter}, interlace ${interlace}: not all are PNG's`,
    );
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  return { width, height, depth, colour, channels: channelsOf[colour], interlaced: interlace === 1 };
}

function inflated(compressed: Uint8Array, most: number): Uint8Array {
  try {
    return inflateSync(compressed, { maxOutputLength: most });
  } catch (error) {
    const tooLarge = (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
    throw tooLarge ? new Error(`the image unfolds to more than ${most} bytes`) : error;
  }
}

/** Pixels a row and rows of a pass. */
const passSize = ({ width, height }: Header, { x, y, dx, dy }: Pass): [number, number] => [
  Math.ceil(Math.max(width - x, 0) / dx),
  Math.ceil(Math.max(height - y, 0) / dy),
];

const rowBytes = ({ channels, depth }: Header, pixels: number): number =>
  Math.ceil((pixels * channels * depth) / 8);

/** A pass without pixels has no rows; else a filter's byte comes before each. */
function passBytes(header: Header, pass: Pass): number {
  const [pixels, rows] = passSize(header, pass);
  return pixels === 0 ? 0 : rows * (1 + rowBytes(header, pixels));
}

/** Undoes the filters of a pass in place. */
function unfilter(header: Header, pass: Pass, bytes: Uint8Array): void {
  const [pixels, rows] = passSize(header, pass);
  const length = rowBytes(header, pixels);
  if (length === 0) return;
  const step = Math.max(1, (header.channels * header.depth) >> 3);
  let above: Uint8Array = new Uint8Array(length);
  for (let y = 0; y < rows; y++) {
    const at = y * (1 + length);
    const row = bytes.subarray(at + 1, at + 1 + length);
    unfilterRow(bytes[at], row, above, step);
    above = row;
  }
}

function unfilterRow(filter: number, row: Uint8Array, above: Uint8Array, step: number): void {
  const { length } = row;
  if (filter > 4) throw new Error(`filter ${filter} is none of PNG's`);
  if (filter === 1) for (let i = step; i < length; i++) row[i] += row[i - step];
  else if (filter === 2) for (let i = 0; i < length; i++) row[i] += above[i];
  else if (filter === 3) {
    for (let i = 0; i < length; i++) row[i] += ((i < step ? 0 : row[i - step]) + above[i]) >> 1;
  } else if (filter === 4) {
    for (let i = 0; i < step && i < length; i++) row[i] += above[i];
    for (let i = step; i < length; i++) row[i] += paeth(row[i - step], above[i], above[i - step]);
  }
}

/** Of left, above, and above left the one that is nearest to left + above − above left. */
function paeth(a: number, b: number, c: number): number {
  const toA = Math.abs(b - c);
  const toB = Math.abs(a - c);
  const toC = Math.abs(a + b - 2 * c);
  if (toA <= toB && toA <= toC) return a;
  return toB <= toC ? b : c;
}

/** Puts the samples of a pass, whose filters are undone, where they belong. */
function takeSamples(header: Header, pass: Pass, bytes: Uint8Array, into: Uint8Array | Uint16Array): void {
  const { width, channels, depth } = header;
  const [pixels, rows] = passSize(header, pass);
  const length = rowBytes(header, pixels);
  const mask = (1 << depth) - 1;
  for (let y = 0; y < rows && length > 0; y++) {
    const row = y * (1 + length) + 1;
    const start = (pass.y + y * pass.dy) * width + pass.x;
    if (depth === 8 && pass.dx === 1) {
      into.set(bytes.subarray(row, row + length), start * channels);
      continue;
    }
    for (let i = 0; i < pixels * channels; i++) {
      const c = i % channels;
      const place = (start + ((i - c) / channels) * pass.dx) * channels + c;
      const bit = i * depth;
      into[place] =
        depth === 16
          ? (bytes[row + 2 * i] << 8) | bytes[row + 2 * i + 1]
          : (bytes[row + (bit >> 3)] >> (8 - depth - (bit & 7))) & mask;
    }
  }
}

function paletteOf({ colour }: Header, chunks: readonly Chunk[]): PngSamples['palette'] {
  if (colour !== PALETTE) return undefined;
  const colours = chunks.find(({ type }) => type === 'PLTE')?.data;
  if (!colours || colours.length % 3 !== 0) throw new Error('it has no palette');
  const alpha = chunks.find(({ type }) => type === 'tRNS')?.data ?? [];
  return Array.from({ length: colours.length / 3 }, (_, i) => [
    ...colours.subarray(3 * i, 3 * i + 3),
    alpha[i] ?? 255,
  ]);
}

/** Writes an image of 8 or 16 bits a sample. */
export function encodePng({ width, height, channels, depth, data }: PngSamples): Uint8Array {
  const row = (width * channels * depth) / 8;
  const bytes = new Uint8Array(height * (1 + row));
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < width * channels; i++) {
      const sample = data[y * width * channels + i];
      const at = y * (1 + row) + 1;
      if (depth === 8) bytes[at + i] = sample;
      else {
        bytes[at + 2 * i] = sample >> 8;
        bytes[at + 2 * i + 1] = sample;
      }
    }
  }
  const header = new Uint8Array(13);
  viewOf(header).setUint32(0, width);
  viewOf(header).setUint32(4, height);
  header[8] = depth;
  header[9] = [0, 4, 2, 6][channels - 1];
  return Buffer.concat([
    SIGNATURE,
    encodeChunk('IHDR', header),
    encodeChunk('IDAT', deflateSync(bytes)),
    encodeChunk('IEND', new Uint8Array(0)),
  ]);
}

function encodeChunk(type: string, data: Uint8Array): Uint8Array {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, 'latin1');
  chunk.set(data, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
