import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fileProblems } from './files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'archc-verify-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function found(images: string[], labels: string[], channels = 1): string[] {
  for (const [name, files] of Object.entries({ imagesTr: images, labelsTr: labels })) {
    mkdirSync(join(folder, name));
    for (const file of files) writeFileSync(join(folder, name, file), '');
  }
  const problems = fileProblems(join(folder, 'imagesTr'), join(folder, 'labelsTr'), '.png', channels);
  return problems.map(({ kind, file }) => `${kind} ${basename(file)}`).sort();
}

it('finds nothing where files belong together', () => {
  expect(found(['a_0000.png', 'a_0001.png'], ['a.png'], 2)).toEqual([]);
});

it('finds everything at once', () => {
  const images = ['a_0000.png', 'b.png', 'c_0001.png', 'd_0000.png', 'notes.txt'];
  expect(found(images, ['a.png', 'b.png', 'c.png', 'e.png'])).toEqual([
    'extra-channel c_0001.png',
    'extra-file notes.txt',
    'missing-channel c_0000.png',
    'missing-image e_0000.png',
    'missing-label d.png',
    'no-channel-number b.png',
  ]);
});

it('takes patients that look like channels for what they are', () => {
  const images = [0, 1, 2, 3, 4].map((patient) => `p_000${patient}.png`);
  expect(found(images, ['p.png'])).toEqual(
    [1, 2, 3, 4].map((patient) => `extra-channel p_000${patient}.png`),
  );
});
