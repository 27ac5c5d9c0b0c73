import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../tests/cli/archc.ts';
import { crc32c, readEvents, readScalars } from '../../tests/cli/events.ts';
import { EventFile, eventOf, recordOf } from './event-file.ts';
import { eventFiles, nextEventFile } from './event-names.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('the checksum of the tests is CRC-32C', () => {
  // The check value of the catalogue of CRCs, and the first example of RFC 3720, B.4: 32 bytes of 0.
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
});

test('a record is what TensorFlow writes, byte for byte', () => {
  // By hand: fields 1 (double 1.0), 2 (varint 300), 5 (11 bytes: value 1, 9 bytes: tag 1 "ab", 2 (float 0.5)).
  const event = eventOf(1, 300, { scalars: [['ab', 0.5]] });
  expect(hex(event)).toBe(`09000000000000f03f 10ac02 2a0b 0a09 0a026162 150000003f`.replaceAll(' ', ''));
  // A file of TensorBoard begins with 24 bytes, the checksum a37f4b22 and `brain.Event:2` after 1 + 8 + 2 others.
  const version = eventOf(1, 0, { version: 'brain.Event:2' });
  expect(hex(version)).toBe(`09000000000000f03f1a0d${hex(new TextEncoder().encode('brain.Event:2'))}`);
  expect(hex(recordOf(version)).slice(0, 24)).toBe('1800000000000000a37f4b22');
  expect(hex(eventOf(1, 7, { start: true }))).toBe('09000000000000f03f10073a020801');
});

test('files are read by their schema, each record by its checksums', () => {
  const folder = temporaryFolder();
  const file = new EventFile(folder);
  file.scalars(1, { 'train/loss': 0.25, gone: Number.NaN });
  file.scalars(2, { gone: Number.POSITIVE_INFINITY });
  file.scalars(3, { 'train/loss': 1e-3 });
  file.close();
  const events = readEvents(folder);
  expect(events).toMatchObject([
    { fileVersion: 'brain.Event:2' },
    { step: 1, summary: { value: [{ tag: 'train/loss', simpleValue: 0.25 }] } },
    { step: 3, summary: { value: [{ tag: 'train/loss', simpleValue: Math.fround(1e-3) }] } },
  ]);
  for (const { wallTime } of events) expect(Math.abs(wallTime - Date.now() / 1000)).toBeLessThan(600);
  const again = new EventFile(folder);
  again.restart(3);
  again.scalars(3, { 'train/loss': 4 });
  again.close();
  expect(eventFiles(folder)).toEqual([basename(file.path), basename(again.path)]);
  expect(readScalars(folder)).toEqual({
    'train/loss': [
      [1, 0.25],
      [3, 4],
    ],
  });
  expect(readFileSync(join(folder, nextEventFile(folder)), { flag: 'a+' }).length).toBe(0);
});
