import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { imageEnding, readImage, readLabels, writeLabels } from './image.ts';
import { writePng } from './png.ts';

const folder = mkdtempSync(join(tmpdir(), 'image-'));
afterAll(() => rmSync(folder, { recursive: true }));
const volume = 'tests/fixtures/metrics/hippocampus_045_gt.nii.gz';

it('reads PNG channels first, at 16 bits too', () => {
  const path = join(folder, 'a.png');
  writePng(path, { width: 2, height: 1, channels: 2, depth: 16, data: Uint16Array.of(1, 60000, 2, 7) });
  expect(readImage(path)).toEqual({
    channels: 2,
    shape: [1, 1, 2],
    spacing: [1, 1, 1],
    data: Float32Array.of(1, 2, 60000, 7),
  });
});

it('reads NIfTI as a volume of one channel, and its labels as integers', () => {
  const { channels, shape, data } = readImage(volume);
  const labels = readLabels(volume);
  expect([channels, shape]).toEqual([1, [37, 48, 36]]);
  expect(labels.shape).toEqual(shape);
  expect([...labels.data]).toEqual([...data]);
});

it('refuses volumes that hold no class ids', () => {
  const bytes = gunzipSync(readFileSync(volume));
  // Slope and offset of the NIfTI-1 header: values become 0, 0.5, 1.
  bytes.writeFloatLE(0.5, 112);
  const path = join(folder, 'half.nii');
  writeFileSync(path, bytes);
  expect(() => readLabels(path)).toThrow(/half\.nii: holds the value 0\.5/);
});

it('names the kinds of image it reads', () => {
  expect(imageEnding('A/B.PNG')).toBe('.png');
  expect(imageEnding('a.b.nii.gz')).toBe('.nii.gz');
  expect(() => readImage('scan.bmp')).toThrow(
    /scan\.bmp: this kind of image is not read; supported are \.png/,
  );
});

it('writes labels as the kind of image they belong to', () => {
  const image = join(folder, 'image.png');
  writePng(image, { width: 2, height: 1, channels: 3, depth: 8, data: new Uint8Array(6) });
  const labels = Int32Array.of(2, 1);
  writeLabels(join(folder, 'labels.png'), labels, image);
  expect(readLabels(join(folder, 'labels.png')).data).toEqual(labels);
  expect(() => writeLabels(join(folder, 'labels.nii'), labels, image)).toThrow(
    /labels\.nii: .* same kind of image/,
  );
  expect(() => writeLabels(join(folder, 'labels.png'), Int32Array.of(1), image)).toThrow(
    /1 labels for an image of 2×1/,
  );
  const truth = readLabels(volume);
  writeLabels(join(folder, 'out.nii.gz'), truth.data, volume);
  expect(readLabels(join(folder, 'out.nii.gz'))).toEqual(truth);
});
