import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import crc32c from 'crc-32/crc32c.js';
import protobuf from 'protobufjs/light.js';
import { writeError } from '../tensors/atomic-file.ts';
import { nextEventFile } from './event-names.ts';

/*
 * TensorBoard's event files: records of TFRecord (tensorflow/core/lib/io/record_writer.h), each an `Event`
 * (tensorflow/core/util/event.proto, framework/summary.proto), of which this is what scalars take.
 */
const schema = protobuf.Root.fromJSON({
  nested: {
    Event: {
      oneofs: { what: { oneof: ['fileVersion', 'summary', 'sessionLog'] } },
      fields: {
        wallTime: { type: 'double', id: 1 },
        step: { type: 'int64', id: 2 },
        fileVersion: { type: 'string', id: 3 },
        summary: { type: 'Summary', id: 5 },
        sessionLog: { type: 'SessionLog', id: 7 },
      },
    },
    Summary: {
      fields: { value: { rule: 'repeated', type: 'Value', id: 1 } },
      nested: {
        Value: {
          oneofs: { value: { oneof: ['simpleValue'] } },
          fields: { tag: { type: 'string', id: 1 }, simpleValue: { type: 'float', id: 2 } },
        },
      },
    },
    SessionLog: { fields: { status: { type: 'int32', id: 1 } } },
  },
});
const Event = schema.lookupType('Event');

/** `SessionLog.START`: what has come before with its step, or a later one, is void. */
const START = 1;

/** A value by its tag. */
export type Scalars = Readonly<Record<string, number>>;

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
    this.#write({ fileVersion: 'brain.Event:2' });
  }

  /** Says that the run goes on with this step: what other files have of it, and of later ones, is void. */
  restart(step: number): void {
    this.#write({ step, sessionLog: { status: START } });
  }

  /** Values of a step; those that are not finite are left out. */
  scalars(step: number, values: Scalars): void {
    const finite = Object.entries(values).filter(([, value]) => Number.isFinite(value));
    if (finite.length === 0) return;
    this.#write({ step, summary: { value: finite.map(([tag, simpleValue]) => ({ tag, simpleValue })) } });
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(event: object): void {
    const data = Event.encode(Event.fromObject({ wallTime: Date.now() / 1000, ...event })).finish();
    try {
      writeSync(this.#file, recordOf(data));
    } catch (error) {
      throw writeError(this.path, error);
    }
  }
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
