import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';
import { parseSafetensors, serializeSafetensors } from './safetensors-bytes.ts';
import { bytesPerElement, type Dtype, dtypes, elementCount, type Tensor, tensorOfBytes } from './tensor.ts';

const folder = mkdtempSync(join(tmpdir(), 'safetensors-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file of any header text (or length) and any data, right or wrong. */
function file(header: string | object, dataBytes: number, announced?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, announced ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function errorOf(action: () => unknown): InputError {
  try {
    action();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const f32 = (begin: number, end: number, shape: number[]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('parseSafetensors refuses', () => {
  const cases: [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(0), /0 bytes, fewer than the 8/],
    ['a file shorter than its header', file({}, 0, 1000n), /header of 1000 bytes.*only 2 bytes follow/],
    ['an absurd header size', file({}, 0, 2n ** 63n), /header of 9223372036854775808 bytes/],
    ['a header that is not JSON', file('{"a":', 0), /not JSON/],
    ['a header that is a list', file('[1]', 0), /does not start with \{/],
    ['a header of length 0', file('', 4), /does not start with \{/],
    ['a header that is not UTF-8', new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff]), /not UTF-8/],
    ['an entry that is not an object', file({ a: 3 }, 0), /"a": its entry is not an object/],
    ['an unknown dtype', file({ a: { ...f32(0, 4, [1]), dtype: 'F31' } }, 4), /dtype "F31" is not supported/],
    ['a missing dtype', file({ a: { shape: [1], data_offsets: [0, 4] } }, 4), /dtype undefined/],
    ['an unknown field', file({ a: { ...f32(0, 4, [1]), stride: 1 } }, 4), /unknown field "stride"/],
    ['a negative size', file({ a: f32(0, 4, [-1]) }, 4), /shape \[-1\]/],
    ['a fractional size', file({ a: f32(0, 4, [0.5, 2]) }, 4), /shape \[0\.5,2\]/],
    ['a shape whose product overflows', file({ a: f32(0, 4, [2 ** 40, 2 ** 40]) }, 4), /span 4 bytes/],
    ['three offsets', file({ a: { ...f32(0, 4, [1]), data_offsets: [0, 4, 8] } }, 4), /data_offsets/],
    ['size other than dtype × shape', file({ a: f32(0, 8, [3]) }, 8), /span 8 bytes, but F32 \[3\] takes 12/],
    ['reversed offsets', file({ a: f32(8, 4, [1]) }, 8), /span -4 bytes/],
    ['data cut off', file({ a: f32(0, 8, [2]) }, 7), /ends at byte 8.*only 7.*truncated/],
    ['overlap', file({ a: f32(0, 8, [2]), b: f32(4, 12, [2]) }, 12), /"b" overlaps/],
    ['a hole', file({ a: f32(0, 4, [1]), b: f32(8, 12, [1]) }, 12), /hole of 4 bytes before tensor "b"/],
    ['a hole at the start', file({ a: f32(4, 8, [1]) }, 8), /hole of 4 bytes before tensor "a"/],
    ['bytes left over', file({ a: f32(0, 4, [1]) }, 6), /2 bytes after the last tensor/],
    ['metadata that is not text', file({ __metadata__: { epoch: 3 } }, 0), /__metadata__/],
    [
      'a repeated name',
      file(`{"a":${JSON.stringify(f32(0, 4, [1]))},"\\u0061":${JSON.stringify(f32(4, 8, [1]))}}`, 8),
      /names "a" twice/,
    ],
    [
      'a repeated field',
      file('{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4),
      /"dtype" twice/,
    ],
  ];
  it.each(cases)('%s', (_name, bytes, message) => {
    const error = errorOf(() => parseSafetensors(bytes, 'weights.safetensors'));
    expect(error.code).toBe('bad-safetensors');
    expect(error.message).toMatch(message);
    expect(error.message).toContain('weights.safetensors');
    // The reader of files goes its own way to the bytes, and must say the same.
    const path = join(folder, 'bad.safetensors');
    writeFileSync(path, bytes);
    expect(errorOf(() => readSafetensors(path)).message).toMatch(message);
  });

  it('a missing file and a folder', () => {
    expect(errorOf(() => readSafetensors(join(folder, 'none'))).code).toBe('file-not-found');
    mkdirSync(join(folder, 'a-folder'));
    expect(errorOf(() => readSafetensors(join(folder, 'a-folder'))).code).toBe('not-a-file');
  });

  it('every truncation of a valid file', () => {
    const whole = serializeSafetensors([['w', { dtype: 'F32', shape: [3], data: Float32Array.of(1, 2, 3) }]]);
    for (let length = 0; length < whole.length; length++) {
      expect(errorOf(() => parseSafetensors(whole.slice(0, length))).code).toBe('bad-safetensors');
    }
  });
});

const tensor = fc
  .record({
    dtype: fc.constantFrom<Dtype>(...dtypes),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
  })
  .chain(({ dtype, shape }) => {
    const size = elementCount(shape) * bytesPerElement(dtype);
    return fc
      .uint8Array({ minLength: size, maxLength: size })
      .map((bytes): Tensor => tensorOfBytes(dtype, shape, bytes));
  });
// Keys such as "0" and "__proto__" are those that plain objects mishandle.
const name = fc
  .oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('0', '10', '__proto__', 'toString', 'a"b\\', '{"a":'),
  )
  .filter((text) => text !== '__metadata__');
const entries = fc.uniqueArray(fc.tuple(name, tensor), { selector: ([key]) => key, maxLength: 6 });
const metadata = fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 });

describe('round trip', () => {
  it('keeps names, order, types, shapes, bits and metadata', () => {
    fc.assert(
      fc.property(entries, metadata, (list, meta) => {
        const bytes = serializeSafetensors(list, meta);
        const back = parseSafetensors(bytes);
        expect([...back.tensors.keys()]).toEqual(list.map(([key]) => key));
        expect(Object.entries(back.metadata)).toEqual(Object.entries(meta));
        for (const [key, { dtype, shape, data }] of list) {
          const got = back.tensors.get(key)!;
          expect([got.dtype, got.shape]).toEqual([dtype, shape]);
          expect(Buffer.from(got.data.buffer, got.data.byteOffset, got.data.byteLength)).toEqual(
            Buffer.from(data.buffer, data.byteOffset, data.byteLength),
          );
        }
        expect(serializeSafetensors(back.tensors, back.metadata)).toEqual(bytes);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('through a file gives the same bytes and leaves nothing else behind', () => {
    const path = join(folder, 'new', 'w.safetensors');
    const list: [string, Tensor][] = [
      ['odd', { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) }],
      ['misaligned', { dtype: 'F64', shape: [], data: Float64Array.of(Math.PI) }],
      ['empty', { dtype: 'I64', shape: [0, 4], data: new BigInt64Array(0) }],
    ];
    writeSafetensors(path, list, { format: 'pt' });
    expect(new Uint8Array(readFileSync(path))).toEqual(serializeSafetensors(list, { format: 'pt' }));
    const back = readSafetensors(path);
    expect([...back.tensors]).toEqual(list);
    expect(back.metadata).toEqual({ format: 'pt' });
    expect(readdirSync(join(folder, 'new'))).toEqual(['w.safetensors']);
  });

  it('keeps to the published layout', () => {
    const bytes = serializeSafetensors([['a', { dtype: 'I32', shape: [2], data: Int32Array.of(-1, 256) }]]);
    const header = '{"a":{"dtype":"I32","shape":[2],"data_offsets":[0,8]}}  ';
    expect(new TextDecoder().decode(bytes.slice(8, 64))).toBe(header);
    expect([...bytes.slice(0, 8)]).toEqual([56, 0, 0, 0, 0, 0, 0, 0]);
    expect([...bytes.slice(64)]).toEqual([255, 255, 255, 255, 0, 1, 0, 0]);
  });
});

describe('writing refuses', () => {
  const one: Tensor = { dtype: 'F32', shape: [1], data: Float32Array.of(1) };
  it('a repeated or reserved name, and data that disagree with the shape', () => {
    expect(() =>
      serializeSafetensors([
        ['a', one],
        ['a', one],
      ]),
    ).toThrow(/"a" is repeated/);
    expect(() => serializeSafetensors([['__metadata__', one]])).toThrow(/reserved/);
    expect(() => serializeSafetensors([['a', { ...one, shape: [2] }]])).toThrow(/4 bytes for F32 \[2\]/);
  });
});
