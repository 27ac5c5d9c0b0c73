import { type Header, headerLength, maxHeaderBytes, parseHeader } from './safetensors-header.ts';
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
  return tensorsOfHeader(header, (begin, end) => data.subarray(begin, end));
}

/** The tensors of a header, with their bytes from wherever they are. */
export function tensorsOfHeader(
  header: Header,
  bytesAt: (begin: number, end: number) => Uint8Array,
): Safetensors {
  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, begin, end } of header.entries) {
    tensors.set(name, tensorOfBytes(dtype, shape, bytesAt(begin, end)));
  }
  return { tensors, metadata: header.metadata };
}

/** The bytes that `writeSafetensors` would write. */
export function serializeSafetensors(
  entries: Iterable<readonly [string, Tensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const parts = safetensorsChunks(entries, metadata);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The parts of the file's bytes, in order; those of the tensors are not copied. */
export function safetensorsChunks(
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
