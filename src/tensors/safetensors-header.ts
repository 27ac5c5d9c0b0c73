import { InputError } from '../errors.ts';
import { bytesPerElement, type Dtype, dtypes, elementCount } from './tensor.ts';

/** One tensor's line of a safetensors header; offsets are bytes from the end of the header. */
export interface HeaderEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  /** In the order of the header. */
  readonly entries: readonly HeaderEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's own limit on the header, in bytes. */
export const maxHeaderBytes = 100_000_000;

/** A {@link InputError} about the safetensors file `source`. */
export function badSafetensors(source: string, problem: string): InputError {
  return new InputError(
    'bad-safetensors',
    `${source}: not a valid safetensors file: ${problem}`,
    'check that the file is complete and was written by safetensors; download or export it again',
  );
}

/**
 * Header length from a file's first 8 bytes.
 *
 * @param fileBytes size of the whole file
 * @throws InputError when the file cannot hold such a header
 */
export function headerLength(source: string, start: Uint8Array, fileBytes: number): number {
  if (fileBytes < 8)
    throw badSafetensors(source, `${fileBytes} bytes, fewer than the 8 of the header length`);
  const view = new DataView(start.buffer, start.byteOffset, 8);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(maxHeaderBytes)) {
    throw badSafetensors(
      source,
      `a header of ${length} bytes is announced; at most ${maxHeaderBytes} are allowed`,
    );
  }
  if (Number(length) > fileBytes - 8) {
    throw badSafetensors(
      source,
      `a header of ${length} bytes is announced, but only ${fileBytes - 8} bytes follow (truncated?)`,
    );
  }
  return Number(length);
}

/**
 * Parses and checks a header: JSON without repeated keys, known dtypes, sizes that agree with the shapes,
 * and tensors that fill the data section without holes or overlaps.
 *
 * @param source name for messages
 * @param bytes the header without the 8 length bytes
 * @param dataBytes bytes that follow the header
 */
export function parseHeader(source: string, bytes: Uint8Array, dataBytes: number): Header {
  const text = decode(source, bytes);
  const { root, keys } = parseObject(source, text);
  const entries: HeaderEntry[] = [];
  let metadata: Readonly<Record<string, string>> = {};
  for (const name of keys) {
    if (name === '__metadata__') metadata = checkMetadata(source, root[name]);
    else entries.push(checkEntry(source, name, root[name]));
  }
  checkLayout(source, entries, dataBytes);
  return { entries, metadata };
}

function decode(source: string, bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw badSafetensors(source, 'the header is not UTF-8 text');
  }
  if (!text.startsWith('{')) throw badSafetensors(source, 'the header does not start with {');
  return text;
}

function parseObject(source: string, text: string): { root: Record<string, unknown>; keys: string[] } {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (error) {
    throw badSafetensors(
      source,
      `the header is not JSON (${error instanceof Error ? error.message : error})`,
    );
  }
  return { root: root as Record<string, unknown>, keys: keysInOrder(source, text) };
}

/**
 * The top-level keys of valid JSON text in the order of the text, which a JavaScript object does not keep
 * for keys such as "0". Also finds repeated keys at any depth: JSON.parse would silently keep the last.
 */
function keysInOrder(source: string, text: string): string[] {
  const open: Set<string>[] = [];
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g;
  const top: string[] = [];
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    if (match[0] === '{') open.push(new Set());
    else if (match[0] === '}') open.pop();
    else if (match[1] !== undefined) {
      const key: string = JSON.parse(match[0].slice(0, match[0].length - match[1].length));
      const seen = open.at(-1)!;
      if (seen.has(key)) throw badSafetensors(source, `the header names ${JSON.stringify(key)} twice`);
      seen.add(key);
      if (open.length === 1) top.push(key);
    }
  }
  return top;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkMetadata(source: string, value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value) || !Object.values(value).every((text) => typeof text === 'string')) {
    throw badSafetensors(source, '__metadata__ is not a map from text to text');
  }
  return value as Record<string, string>;
}

function isSizeList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function checkEntry(source: string, name: string, value: unknown): HeaderEntry {
  const bad = (problem: string) => badSafetensors(source, `tensor ${JSON.stringify(name)}: ${problem}`);
  if (!isObject(value)) throw bad('its entry is not an object');
  const unknown = Object.keys(value).find((key) => !['dtype', 'shape', 'data_offsets'].includes(key));
  if (unknown !== undefined) throw bad(`unknown field ${JSON.stringify(unknown)}`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !dtypes.includes(dtype as Dtype)) {
    throw bad(`dtype ${JSON.stringify(dtype)} is not supported; supported are ${dtypes.join(', ')}`);
  }
  if (!isSizeList(shape)) throw bad(`shape ${JSON.stringify(shape)} is not a list of non-negative integers`);
  if (!isSizeList(offsets) || offsets.length !== 2) {
    throw bad(`data_offsets ${JSON.stringify(offsets)} are not two non-negative integers`);
  }
  const [begin, end] = offsets;
  const expected = elementCount(shape) * bytesPerElement(dtype as Dtype);
  if (end - begin !== expected) {
    throw bad(`its data span ${end - begin} bytes, but ${dtype} [${shape.join(', ')}] takes ${expected}`);
  }
  return { name, dtype: dtype as Dtype, shape, begin, end };
}

function checkLayout(source: string, entries: readonly HeaderEntry[], dataBytes: number): void {
  let at = 0;
  for (const entry of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    const name = JSON.stringify(entry.name);
    if (entry.end > dataBytes) {
      throw badSafetensors(
        source,
        `tensor ${name} ends at byte ${entry.end} of the data, but only ${dataBytes} are there (truncated?)`,
      );
    }
    if (entry.begin < at) throw badSafetensors(source, `tensor ${name} overlaps the one before it`);
    if (entry.begin > at) {
      throw badSafetensors(source, `a hole of ${entry.begin - at} bytes before tensor ${name}`);
    }
    at = entry.end;
  }
  if (at !== dataBytes) throw badSafetensors(source, `${dataBytes - at} bytes after the last tensor`);
}
