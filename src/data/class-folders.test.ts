import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { openClassFolders, readClassImage } from './class-folders.ts';
import { ClassificationLoader } from './class-loader.ts';
import { writePng } from './png.ts';
import { classTarget, everyAugmentation } from './testing.ts';

/** Writes grey images of 10×12 pixels, brighter to the right, to these paths in a new folder. */
function dataset(...files: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'archc-classes-'));
  for (const [n, file] of files.entries()) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    const data = Uint8Array.from({ length: 12 * 10 }, (_, i) => (i % 10) * 10 + n);
    writePng(join(folder, file), { width: 10, height: 12, channels: 1, depth: 8, data });
  }
  return folder;
}

function errorOf(run: () => unknown): InputError {
  try {
    run();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('no error');
}

const size = { channels: 1, height: 8, width: 8 };

describe('openClassFolders', () => {
  it('lists the images of each class, and those of test or val', () => {
    const folder = dataset(
      'train/b/2.png',
      'train/b/1.png',
      'train/a/1.png',
      'val/b/9.png',
      'train/.hidden/x.png',
    );
    const found = openClassFolders(folder);
    expect(found.classes).toEqual(['a', 'b']);
    const list = (images: typeof found.training) =>
      images.map(({ path, label }) => `${relative(folder, path)} ${label}`);
    expect(list(found.training)).toEqual(['train/a/1.png 0', 'train/b/1.png 1', 'train/b/2.png 1']);
    expect(list(found.test)).toEqual(['val/b/9.png 1']);
  });

  it('takes class folders without train, with no test images', () => {
    const found = openClassFolders(dataset('x/1.png', 'test/1.png'));
    expect([found.classes, found.test]).toEqual([['test', 'x'], []]);
  });

  it('refuses what is no such data set', () => {
    expect(errorOf(() => openClassFolders(dataset('train/a/1.png'))).message).toContain('1 class folder');
    expect(errorOf(() => openClassFolders('nowhere')).code).toBe('bad-dataset');
    const empty = dataset('train/a/1.png', 'train/b/1.png');
    rmSync(join(empty, 'train/b/1.png'));
    expect(errorOf(() => openClassFolders(empty)).message).toContain('holds no image');
    const other = dataset('train/a/1.png', 'train/b/1.png', 'test/c/1.png');
    // Its training images serve all the same.
    expect(openClassFolders(other).training.length).toBe(2);
    expect(errorOf(() => openClassFolders(other).test).message).toContain('no class of');
    const photo = dataset('a/1.png', 'b/1.png');
    writeFileSync(join(photo, 'b/2.jpg'), '');
    expect(errorOf(() => openClassFolders(photo)).code).toBe('unsupported-image');
  });
});

describe('readClassImage', () => {
  it('scales the normalised image to cover the window', () => {
    const [first] = openClassFolders(dataset('a/1.png', 'b/1.png')).training;
    const slice = readClassImage(first.path, size);
    expect([slice.height, slice.width]).toEqual([10, 8]);
    expect(slice.image.reduce((a, b) => a + b, 0) / slice.image.length).toBeCloseTo(0, 5);
    expect(slice.image[0]).toBeLessThan(slice.image[7]);
  });

  it('refuses another number of channels, and no image', () => {
    const folder = dataset('a/1.png', 'b/1.png');
    const path = join(folder, 'a/1.png');
    expect(errorOf(() => readClassImage(path, { ...size, channels: 3 })).hint).toBe('--set in_channels=1');
    writeFileSync(path, 'text');
    expect(errorOf(() => readClassImage(path, size)).code).toBe('bad-png');
  });
});

describe('ClassificationLoader', () => {
  const { training } = openClassFolders(dataset('a/1.png', 'a/2.png', 'b/1.png', 'b/2.png', 'b/3.png'));
  const labels = { target: classTarget(2) };
  const options = { seed: 3, batch: 2, ...size, augment: everyAugmentation, labels };

  it('gives each image with its class once an epoch', () => {
    const loader = new ClassificationLoader(training, { ...options, batch: 5 });
    const { x, target } = loader.at(0);
    expect([x.length, [...target].sort()]).toEqual([5 * 64, [0, 0, 1, 1, 1]]);
    expect(new Set([...loader.at(1).target]).size).toBe(2);
  });

  it('answers for any step alike, whatever was asked for before', () => {
    const whole = new ClassificationLoader(training, options);
    const batches = Array.from({ length: 7 }, (_, step) => whole.at(step));
    const other = new ClassificationLoader(training, options);
    for (const step of [6, 2, 4]) expect(other.at(step)).toEqual(batches[step]);
    expect(batches[0]).not.toEqual(batches[5]);
    expect([whole.seed, whole.batch, whole.samples]).toEqual([3, 2, 5]);
  });
});
