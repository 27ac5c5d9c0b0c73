import { closeSync, openSync, readSync } from 'node:fs';
import { writeFileAtomic } from './atomic-file.ts';
import { fileSize, readError } from './read-file.ts';
import {
  badSafetensors,
  type Header,
  headerLength,
  maxHeaderBytes,
  parseHeader,
} from './safetensors-header.ts';
import { bytesOfTensor, bytesPerElement, elementCount, type Tensor, tensorOfBytes } from './tensor.ts';

/**
 * Contents of a safetensors file (https://huggingface.co/docs/safetensors): 8 bytes header length, a JSON
 * header, then the tensors' little-endian bytes. Typed arrays use the machine's byte order; all machines
 * that Node and browsers run on today are little-endian.
 */
export interface Safetensors {
  /** In the order of the header. */
  readonly tensors: Map<string, Tensor>;
  /** The header's `__metadata__`; empty when there is none. */
  readonly metadata: Readonly<Record<string, string>>;
}

const what = 'a safetensors file';

/**
 * Reads a safetensors file.
 *
 * @throws InputError `file-not-found`, `not-a-file` or `cannot-read`; `bad-safetensors` when the file is
 *   truncated or malformed in any way (see {@link parseSafetensors})
 */
export function readSafetensors(path: string): Safetensors {
  // Tensor by tensor: files may exceed what one buffer can hold, and each array then lies aligned.
  return withHeader(path, (header, read) => collect(header, read));
}

/**
 * The metadata of a safetensors file, whose tensors are not read.
 *
 * @throws InputError as {@link readSafetensors}
 */
export function readMetadata(path: string): Readonly<Record<string, string>> {
  return withHeader(path, ({ metadata }) => metadata);
}

function withHeader<T>(
  path: string,
  use: (header: Header, read: (begin: number, end: number) => Uint8Array) => T,
): T {
  const size = fileSize(path, what);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw readError(path, what, error);
  }
  try {
    const length = headerLength(path, readAt(path, file, 0, Math.min(8, size)), size);
    const start = 8 + length;
    const header = parseHeader(path, readAt(path, file, 8, length), size - start);
    return use(header, (begin, end) => readAt(path, file, start + begin, end - begin));
  } finally {
    closeSync(file);
  }
}

/**
 * Parses the bytes of a safetensors file. Arrays are views into `bytes` where alignment allows.
 *
 * @param source what to call it in messages
 * @throws InputError `bad-safetensors`: header length beyond the file or beyond 100 MB, header not UTF-8 JSON,
 *   repeated names, unknown dtype or field, data size other than dtype × shape, offsets that overlap, leave
 *   holes or pass the end, bytes left over
 */
export function parseSafetensors(bytes: Uint8Array, source = 'safetensors data'): Safetensors {
  const length = headerLength(source, bytes, bytes.length);
  const data = bytes.subarray(8 + length);
  const header = parseHeader(source, bytes.subarray(8, 8 + length), data.length);
  return collect(header, (begin, end) => data.subarray(begin, end));
}

function collect(header: Header, bytesAt: (begin: number, end: number) => Uint8Array): Safetensors {
  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, begin, end } of header.entries) {
    tensors.set(name, tensorOfBytes(dtype, shape, bytesAt(begin, end)));
  }
  return { tensors, metadata: header.metadata };
}

function readAt(path: string, file: number, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    let count: number;
    try {
      count = readSync(file, bytes, at, Math.min(length - at, 2 ** 30), position + at);
    } catch (error) {
      throw readError(path, what, error);
    }
    if (count === 0) throw badSafetensors(path, `it ended at byte ${position + at} while being read`);
    at += count;
  }
  return bytes;
}

/**
 * Writes a safetensors file, atomically. The same entries in the same order give the same bytes.
 *
 * @param entries name and tensor, in the order they are to be stored
 * @throws InputError `cannot-write`; JobError `write-failed`; Error on a repeated or reserved name, or where
 *   data and shape disagree
 */
export function writeSafetensors(
  path: string,
  entries: Iterable<readonly [string, Tensor]>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  writeFileAtomic(path, chunks(entries, metadata));
}

/** The bytes {@link writeSafetensors} would write. */
export function serializeSafetensors(
  entries: Iterable<readonly [string, Tensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const parts = chunks(entries, metadata);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function chunks(
  entries: Iterable<readonly [string, Tensor]>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array[] {
  const fields: string[] = [];
  if (Object.keys(metadata).length > 0) fields.push(`"__metadata__":${JSON.stringify(metadata)}`);
  const names = new Set(['__metadata__']);
  const data: Uint8Array[] = [];
  let at = 0;
  for (const [name, tensor] of entries) {
    const { dtype, shape } = tensor;
    if (names.has(name)) throw new Error(`tensor name ${JSON.stringify(name)} is repeated or reserved`);
    names.add(name);
    const bytes = bytesOfTensor(tensor);
    if (bytes.length !== elementCount(shape) * bytesPerElement(dtype)) {
      throw new Error(`tensor ${name}: ${bytes.length} bytes for ${dtype} [${shape.join(', ')}]`);
    }
    const field = { dtype, shape, data_offsets: [at, at + bytes.length] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(field)}`);
    at += bytes.length;
    data.push(bytes);
  }
  const text = new TextEncoder().encode(`{${fields.join(',')}}`);
  // Spaces up to a multiple of 8 keep the data section aligned, as the format recommends.
  const padded = Math.ceil(text.length / 8) * 8;
  if (padded > maxHeaderBytes) throw new Error(`a header of ${padded} bytes is beyond the format's limit`);
  const head = new Uint8Array(8 + padded).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(padded), true);
  head.set(text, 8);
  return [head, ...data];
}
