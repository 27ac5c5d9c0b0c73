import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import crc32c from 'crc-32/crc32c.js';
// The part of it that makes no functions of text.
import protobuf from 'protobufjs/minimal.js';
import { writeError } from '../tensors/atomic-file.ts';
import { nextEventFile } from './event-names.ts';

/*
 * TensorBoard's event files: records of TFRecord (tensorflow/core/lib/io/record_writer.h), each a message `Event`
 * (tensorflow/core/util/event.proto). Of that and `Summary` (framework/summary.proto) this is what scalars take.
 */

/** What precedes a field of a message: its number, and how it is stored. */
const fixed64 = (field: number) => field * 8 + 1;
const varint = (field: number) => field * 8;
const delimited = (field: number) => field * 8 + 2;
const fixed32 = (field: number) => field * 8 + 5;

/** `SessionLog.START`: what has come before with its step, or a later one, is void. */
const START = 1;

/** A value by its tag. */
export type Scalars = Readonly<Record<string, number>>;

/** What is told of a step. */
type Content =
  | { readonly version: string }
  | { readonly scalars: readonly (readonly [tag: string, value: number])[] }
  | { readonly start: true };

/** An event file that grows. */
export class EventFile {
  readonly path: string;
  readonly #file: number;

  /**
   * Begins a file in a folder, which TensorBoard reads after those that are there.
   *
   * @throws InputError `cannot-write`
   */
  constructor(folder: string) {
    this.path = join(folder, nextEventFile(folder));
    try {
      this.#file = openSync(this.path, 'wx');
    } catch (error) {
      throw writeError(this.path, error);
    }
    this.#write(0, { version: 'brain.Event:2' });
  }

  /** Says that the run goes on with this step: what other files have of it, and of later ones, is void. */
  restart(step: number): void {
    this.#write(step, { start: true });
  }

  /** Values of a step, as 32-bit floats; those that are not finite are left out. */
  scalars(step: number, values: Scalars): void {
    const scalars = Object.entries(values).filter(([, value]) => Number.isFinite(value));
    if (scalars.length > 0) this.#write(step, { scalars });
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(step: number, content: Content): void {
    try {
      writeSync(this.#file, recordOf(eventOf(Date.now() / 1000, step, content)));
    } catch (error) {
      throw writeError(this.path, error);
    }
  }
}

/**
 * The bytes of an `Event`.
 *
 * @param time in seconds since 1970
 */
export function eventOf(time: number, step: number, content: Content): Uint8Array {
  const event = protobuf.Writer.create();
  event.uint32(fixed64(1)).double(time);
  // What is 0 is left out, as everywhere in proto3.
  if (step > 0) event.uint32(varint(2)).int64(step);
  if ('version' in content) event.uint32(delimited(3)).string(content.version);
  else if ('start' in content) event.uint32(delimited(7)).fork().uint32(varint(1)).int32(START).ldelim();
  else {
    event.uint32(delimited(5)).fork();
    for (const [tag, value] of content.scalars) {
      event.uint32(delimited(1)).fork();
      event.uint32(delimited(1)).string(tag).uint32(fixed32(2)).float(value).ldelim();
    }
    event.ldelim();
  }
  return event.finish();
}

/** Length (64 bits, little-endian), its checksum, the bytes, theirs. */
export function recordOf(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedChecksum(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedChecksum(data), true);
  return record;
}

/** CRC-32C, rotated right by 15 bits, plus a constant: a checksum of what holds checksums would else be weak. */
function maskedChecksum(data: Uint8Array): number {
  const crc = crc32c.buf(data) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
