import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { writeFileAtomic } from './atomic-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'atomic-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('writes text, bytes and chunks, making folders', () => {
  writeFileAtomic(join(folder, 'a/b/text.svg'), 'µ');
  expect(readFileSync(join(folder, 'a/b/text.svg'))).toEqual(Buffer.from('µ'));
  writeFileAtomic(join(folder, 'bytes'), Uint8Array.of(1, 2));
  writeFileAtomic(join(folder, 'chunks'), [Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3)]);
  expect([...readFileSync(join(folder, 'bytes'))]).toEqual([1, 2]);
  expect([...readFileSync(join(folder, 'chunks'))]).toEqual([1, 2, 3]);
});

it('keeps the old file and removes the temporary one when the content fails half way', () => {
  const path = join(folder, 'kept', 'state');
  writeFileAtomic(path, 'old');
  const failing = function* () {
    yield Uint8Array.of(1);
    throw new Error('half way');
  };
  expect(() => writeFileAtomic(path, failing())).toThrow('half way');
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(join(folder, 'kept'))).toEqual(['state']);
});

it('names a path that cannot be a file', () => {
  mkdirSync(join(folder, 'taken'));
  writeFileSync(join(folder, 'plain'), '');
  for (const path of [join(folder, 'taken'), join(folder, 'plain', 'below')]) {
    expect(() => writeFileAtomic(path, 'x')).toThrow(InputError);
    expect(() => writeFileAtomic(path, 'x')).toThrow(path);
  }
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});
