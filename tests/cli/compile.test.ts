import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { StoredProgram } from '../../src/program/stored.ts';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { archc, expectError, json, temporaryFolder, tree } from './archc.ts';
import { TINY, weightsOf, writeWeights } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);

/** The bytes of every file below a folder, each as a character: texts are compared in no time. */
function bytesOf(path: string): Map<string, string> {
  const names = tree(path).filter((name) => !name.endsWith('/'));
  return new Map(names.map((name) => [name, readFileSync(join(path, name), 'latin1')]));
}

test('the same spec gives the same bytes, and the program holds all that it names', async () => {
  const first = await archc(
    'compile',
    TINY,
    '--output',
    inFolder('one'),
    '--batch',
    '2',
    '--seed',
    '7',
    '--json',
  );
  expect(first.code).toBe(0);
  expect(json(first)).toMatchObject({ output: inFolder('one'), trains: true });
  await archc('compile', TINY, '--output', inFolder('two'), '--batch', '2', '--seed', '7');
  const bytes = bytesOf(inFolder('one'));
  expect(bytesOf(inFolder('two'))).toEqual(bytes);
  const stored = JSON.parse(bytes.get('program.json')!) as StoredProgram;
  const [program] = stored.plans;
  const found = [...bytes.keys()].filter((name) => name.startsWith('kernels/'));
  expect(found.sort()).toEqual(program.kernels.map(({ name }) => `kernels/${name}.wgsl`).sort());
  expect(stored).toMatchObject({
    format: 4,
    model: 'Tiny',
    batch: 2,
    plans: [{ target: 'webgpu-default' }],
    facts: {
      config: { width: 8 },
      training: { section: 'Quick', step: ['gradients', 'update'] },
      unread: [],
    },
  });
  expect(Object.keys(program.entries)).toEqual(['forward', 'gradients', 'update', 'loss']);
  // One set of weights: each tensor has one place, whatever reads it.
  const places = program.tensors.map(({ buffer, offset }) => `${buffer}+${offset}`);
  expect(new Set(places).size).toBe(places.length);
  // Nothing that names this machine or moment.
  for (const content of bytes.values()) expect(content.includes(process.cwd())).toBe(false);
  // Readable for others than its maker, as any folder is.
  mkdirSync(inFolder('plain'));
  expect(statSync(inFolder('one')).mode).toBe(statSync(inFolder('plain')).mode);
});

test('another seed gives other weights, given weights are taken', async () => {
  const read = (name: string) => readSafetensors(join(inFolder(name), 'weights.safetensors')).tensors;
  await archc('compile', TINY, '--output', inFolder('seed'), '--seed', '8');
  expect(read('seed').get('stem.weight')?.data).not.toEqual(weightsOf().get('stem.weight')?.data);
  const weights = writeWeights(inFolder('w.safetensors'));
  await archc('compile', TINY, '--output', inFolder('given'), '--weights', weights);
  expect(read('given')).toEqual(weightsOf());
});

test('a program is replaced by a newer one, whole', async () => {
  const path = inFolder('replaced');
  await archc('compile', TINY, '--output', path);
  const fresh = await archc('compile', TINY, '--output', path, '--set', 'width=4');
  expect(fresh.code).toBe(0);
  await archc('compile', TINY, '--output', inFolder('narrow'), '--set', 'width=4');
  expect(bytesOf(path)).toEqual(bytesOf(inFolder('narrow')));
});

test('an empty folder is filled', async () => {
  mkdirSync(inFolder('empty'));
  expect((await archc('compile', TINY, '--output', inFolder('empty'))).code).toBe(0);
  expect(tree(inFolder('empty'))).toContain('program.json');
});

const keeps: [string, (path: string) => void, RegExp][] = [
  ['other things', (path) => writeFileSync(join(path, 'thesis.tex'), 'x'), /holds other things.*thesis\.tex/],
  [
    'a program and other things',
    (path) => {
      cpSync(inFolder('one'), path, { recursive: true });
      writeFileSync(join(path, 'notes.txt'), 'x');
    },
    /notes\.txt/,
  ],
  [
    'a part of a program',
    (path) => writeFileSync(join(path, 'weights.safetensors'), 'x'),
    /no program\.json/,
  ],
];

test.each(keeps)('a folder that holds %s is refused and stays', async (name, fill, message) => {
  const path = inFolder(name.replaceAll(' ', '-'));
  mkdirSync(path);
  fill(path);
  const before = bytesOf(folder);
  expectError(await archc('compile', TINY, '--output', path), 'output-exists', message);
  expect(bytesOf(folder)).toEqual(before);
});

test('nothing is left behind by an error', async () => {
  const file = inFolder('file');
  writeFileSync(file, 'x');
  const before = tree(folder);
  expectError(await archc('compile', TINY, '--output', file), 'cannot-write', /it is a file/);
  expectError(await archc('compile', TINY, '--output', join(file, 'x')), 'cannot-write', /not a folder/);
  const lost = inFolder('deep/er/compiled');
  expectError(await archc('compile', TINY, '--output', lost, '--set', 'width=no'), 'unknown-name');
  expectError(await archc('compile', TINY, '--output', lost, '--weights', file), 'bad-safetensors');
  // An input beyond what a buffer holds on every adapter.
  const huge = await archc('compile', TINY, '--output', lost, '--batch', '2000', '--set', 'size=<512, 512>');
  expect(huge.stderr).toMatch(
    /^error\[adapter-limits\]: the entry forward of Tiny asks for more than every WebGPU implementation offers: input image takes 5\.86 GiB, a buffer holds at most 256\.0 MiB$/m,
  );
  expect(huge.code).toBe(1);
  expect(tree(folder)).toEqual(before);
  expect(existsSync(inFolder('deep'))).toBe(false);
});
