import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type AxisOrder, permuted } from '../data/axes.ts';
import { loadCase } from '../data/case.ts';
import { readImage } from '../data/image.ts';
import { encodePng, readPng } from '../data/png.ts';
import { niftiBytes } from '../data/testing.ts';
import { directionsOf, edgesOf, type Letter } from '../data/view/orientation.ts';
import { panelsOf, slicePicture } from './slice-picture.ts';

const folder = mkdtempSync(join(tmpdir(), 'archc-picture-'));
afterAll(() => rmSync(folder, { recursive: true }));

const sizes = [7, 5, 6] as const;
const [width, height, depth] = sizes;
const affines: Readonly<Record<string, number[][]>> = {
  RAS: [
    [2, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 3, 0],
  ],
  LPS: [
    [-2, 0, 0, 9],
    [0, -1, 0, 9],
    [0, 0, 3, 0],
  ],
  PIR: [
    [0, 0, 3, 0],
    [-2, 0, 0, 4],
    [0, -1, 0, 4],
  ],
};
/** In which row of the matrix a letter's axis stands, and its sign. */
const space: Readonly<Record<Letter, readonly [number, number]>> = {
  R: [0, 1],
  L: [0, -1],
  A: [1, 1],
  P: [1, -1],
  S: [2, 1],
  I: [2, -1],
};

const cases = Object.entries(affines).flatMap(([name, affine]) =>
  (
    [
      [0, 1, 2],
      [1, 0, 2],
      [2, 0, 1],
    ] as AxisOrder[]
  ).map((order) => [name, order, affine] as const),
);

it.each(cases)(
  'the brightest voxel of %s, cut by %j, is drawn towards the letters that the affine gives',
  (_, order, affine) => {
    // A voxel in the first corner and the opposite one, of which the header says where they are in space.
    for (const corner of [
      [0, 0, 0],
      [depth - 1, height - 1, width - 1],
    ] as const) {
      const data = new Float32Array(width * height * depth);
      data[(corner[0] * height + corner[1]) * width + corner[2]] = 100;
      const path = join(folder, 'v.nii');
      const label = join(folder, 'l.nii');
      writeFileSync(path, niftiBytes({ sizes, spacing: [2, 1, 3], affine, data }));
      writeFileSync(label, niftiBytes({ sizes, spacing: [2, 1, 3], affine, data: data.map(() => 0) }));
      const { slices, spacing } = loadCase({ id: 'v', images: [path], label }, { channels: 1 }, order);
      const at = permuted(corner, order);
      const slice = slices[at[0]];
      const edges = edgesOf(directionsOf(readImage(path).affine)!, order);
      const shown = { image: slice, label: slice.label!, pixel: [spacing[1], spacing[2]] as const, edges };
      writeFileSync(join(folder, 'p.png'), encodePng(slicePicture(shown)));
      const png = readPng(join(folder, 'p.png'));
      const [panel] = panelsOf(shown);
      const bright = (x: number, y: number) => png.data[((panel.top + y) * png.width + panel.left + x) * 3];
      // Which corner of the picture it is.
      const [right, bottom] = [panel.width - 1, panel.height - 1];
      const found = [
        [0, 0],
        [right, 0],
        [0, bottom],
        [right, bottom],
      ].filter(([x, y]) => bright(x, y) === 255);
      expect(found.length).toBe(1);
      const [[x, y]] = found;
      // By the matrix alone: its place against the middle of the volume, along the axes that the letters name.
      const place = (voxel: readonly number[]) =>
        affine.map((row) => row[0] * voxel[2] + row[1] * voxel[1] + row[2] * voxel[0] + row[3]);
      const [here, middle] = [place(corner), place([(depth - 1) / 2, (height - 1) / 2, (width - 1) / 2])];
      for (const letter of [x === 0 ? edges.left : edges.right, y === 0 ? edges.top : edges.bottom]) {
        const [axis, sign] = space[letter];
        expect((here[axis] - middle[axis]) * sign).toBeGreaterThan(0);
      }
    }
  },
);

it('pixels are drawn in proportion, and labels in the colour of their class', () => {
  const image = { channels: 1, height: 10, width: 20, image: new Float32Array(200).map((_, i) => i) };
  const label = new Int32Array(200).fill(1, 0, 100);
  const shown = { image, label, pixel: [4, 1] as const };
  const [plain, under] = panelsOf(shown);
  expect([plain.width, plain.height]).toEqual([160, 320]);
  const png = slicePicture(shown);
  const at = (x: number, y: number) => [
    ...png.data.subarray((y * png.width + x) * 3, (y * png.width + x) * 3 + 3),
  ];
  const colour = at(under.left + 80, under.top + 40);
  expect(colour[0] - colour[2]).toBeGreaterThan(40);
  expect(new Set(at(plain.left + 80, plain.top + 40)).size).toBe(1);
  expect(new Set(at(under.left + 80, under.top + 300)).size).toBe(1);
});
