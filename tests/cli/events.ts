import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { expect } from 'vitest';
import { eventFiles } from '../../src/report/event-names.ts';

/** What TensorBoard's .proto files say of the fields that scalars take. */
const schema = protobuf.parse(`syntax = "proto3";
message Event {
  double wall_time = 1;
  int64 step = 2;
  oneof what { string file_version = 3; Summary summary = 5; SessionLog session_log = 7; }
}
message Summary {
  message Value { string tag = 1; oneof value { float simple_value = 2; } }
  repeated Value value = 1;
}
message SessionLog {
  enum SessionStatus { STATUS_UNSPECIFIED = 0; START = 1; STOP = 2; CHECKPOINT = 3; }
  SessionStatus status = 1;
}`).root;

export interface ReadEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly fileVersion?: string;
  readonly summary?: { readonly value: readonly { readonly tag: string; readonly simpleValue: number }[] };
  readonly sessionLog?: { readonly status: string };
}

/** CRC-32C bit by bit: the polynomial 1EDC6F41, reflected (RFC 3720, section 12.1). */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** The records of a file in TFRecord, each held against its checksums. A torn last one is left out. */
export function records(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const expectChecksum = (at: number, of: Uint8Array) => {
    const masked = (view.getUint32(at, true) - 0xa282ead8) >>> 0;
    expect(((masked << 15) | (masked >>> 17)) >>> 0).toBe(crc32c(of));
  };
  const found: Uint8Array[] = [];
  for (let at = 0; at + 16 <= bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    if (at + 16 + length > bytes.length) break;
    const data = bytes.subarray(at + 12, at + 12 + length);
    expectChecksum(at + 8, bytes.subarray(at, at + 8));
    expectChecksum(at + 12 + length, data);
    found.push(data);
    at += 16 + length;
  }
  return found;
}

/** The events of all files in a folder, in order. */
export function readEvents(folder: string): ReadEvent[] {
  const type = schema.lookupType('Event');
  return eventFiles(folder).flatMap((name) =>
    records(readFileSync(join(folder, name))).map(
      (data) => type.toObject(type.decode(data), { longs: Number, enums: String }) as ReadEvent,
    ),
  );
}

/** Values by tag and step, as TensorBoard has them: a start voids what came before with its step or a later one. */
export function readScalars(folder: string): Record<string, [step: number, value: number][]> {
  const scalars: Record<string, [number, number][]> = {};
  for (const { step = 0, summary, sessionLog } of readEvents(folder)) {
    if (sessionLog?.status === 'START')
      for (const tag of Object.keys(scalars)) scalars[tag] = scalars[tag].filter(([s]) => s < step);
    for (const { tag, simpleValue } of summary?.value ?? []) (scalars[tag] ??= []).push([step, simpleValue]);
  }
  return scalars;
}
