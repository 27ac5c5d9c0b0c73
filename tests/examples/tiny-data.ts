import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { writeLabelMap, writePng } from '../../src/data/png.ts';
import { nifti } from '../../src/data/testing.ts';
import { Random } from '../../src/recipe/random.ts';
import { datasetJsonOf, type Task } from './examples.ts';

/** Of a volume [D, H, W]; an image has one slice. */
type Shape = readonly [depth: number, height: number, width: number];

/** What is in it: a class for each voxel, and a number for each blob, from 1 on. */
interface Scene {
  readonly shape: Shape;
  readonly labels: Uint8Array;
  readonly instances: Uint16Array;
}

/** Ids of the training cases and of the test cases, as the README has them. */
const names: Readonly<Record<Task, (i: number, part: 'Tr' | 'Ts') => string>> = {
  'abdomen-mri': (i, part) => `amos_0${part === 'Tr' ? 507 + i : 601 + i}`,
  // Sequences of two frames.
  endoscopy: (i, part) => `seq${(i >> 1) + 1}_frame00${part === 'Tr' ? i % 2 : 2 + i}`,
  microscopy: (i, part) => `cell_0000${part === 'Tr' ? i + 1 : i + 7}`,
};
const counts = { 'abdomen-mri': [5, 2], endoscopy: [10, 2], microscopy: [5, 2] } as const;
const shapes: Readonly<Record<Task, (i: number) => Shape>> = {
  'abdomen-mri': (i) => [3, 40 + i, 44],
  endoscopy: () => [1, 40, 52],
  microscopy: (i) => [1, 38 + 2 * i, 40],
};

/** Spacing of the volumes along D, H, W in mm. */
export const SPACING: readonly [number, number, number] = [3, 1.25, 1.25];

/**
 * Writes a small data set in the layout of a task's README, with its dataset.json: blobs of all classes on noise. Of
 * microscopy some images are grey, in three equal channels, and cells have boundaries and `instancesTs`.
 */
export function writeTinyTask(task: Task, folder: string): void {
  const info = datasetJsonOf(task);
  const [training, test] = counts[task];
  for (const [part, count] of [
    ['Tr', training],
    ['Ts', test],
  ] as const) {
    for (let i = 0; i < count; i++) {
      const id = names[task](i, part);
      const random = Random.stream(i, `${task} ${part}`);
      const classes = Object.keys(info.labels).length;
      const scene = blobs(shapes[task](i), task === 'microscopy' ? 1 : classes - 1, random);
      if (task === 'microscopy') outline(scene);
      if (task === 'abdomen-mri') writeScan(folder, part, id, scene, random);
      else writeImages(folder, part, id, scene, random, task === 'microscopy' && i % 2 === 1);
      if (task === 'microscopy' && part === 'Ts') writeInstances(folder, id, scene);
    }
  }
  writeFileSync(join(folder, 'dataset.json'), JSON.stringify({ ...info, numTraining: training }));
}

/** Squares of 6 pixels, 3 apart, in every slice; the class of one follows from its number. */
function blobs(shape: Shape, classes: number, random: Random): Scene {
  const [depth, height, width] = shape;
  const labels = new Uint8Array(depth * height * width);
  const instances = new Uint16Array(labels.length);
  const across = Math.floor((width - 4) / 9);
  const first = Math.floor(random.uniform(0, classes));
  for (let i = 0; i < labels.length; i++) {
    const [y, x] = [(Math.floor(i / width) % height) - 4, (i % width) - 4];
    if (y < 0 || x < 0 || y % 9 > 5 || x % 9 > 5 || x >= 9 * across || y > height - 9) continue;
    instances[i] = Math.floor(y / 9) * across + Math.floor(x / 9) + 1;
    labels[i] = ((instances[i] + first) % classes) + 1;
  }
  return { shape, labels, instances };
}

/** Class 2 for cells' pixels with a neighbour outside. */
function outline({ shape: [, , width], labels, instances }: Scene): void {
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] > 0 && [-width, -1, 1, width].some((by) => instances[i + by] !== instances[i]))
      labels[i] = 2;
  }
}

/** Brighter where the class is higher, in each channel by another factor. */
const brightness = (label: number, channel: number, random: Random) =>
  Math.round(30 + ((label * (40 - 9 * channel)) % 160) + random.uniform(0, 40));

function writeScan(folder: string, part: string, id: string, scene: Scene, random: Random): void {
  const { shape, labels } = scene;
  const dims = [3, ...shape.toReversed()];
  const pixDims = [1, ...SPACING.toReversed()];
  const write = (name: string, type: number, bytes: number, voxels: (view: DataView, at: number) => void) => {
    const fields = { dims, pixDims, type, bits: 8 * bytes };
    writeInto(join(folder, name), gzipSync(nifti(fields, voxels, bytes * labels.length)));
  };
  write(`images${part}/${id}_0000.nii.gz`, 4, 2, (view, at) => {
    labels.forEach((label, i) => {
      view.setInt16(at + 2 * i, 3 * brightness(label, 0, random), true);
    });
  });
  write(`labels${part}/${id}.nii.gz`, 2, 1, (view, at) => {
    labels.forEach((label, i) => {
      view.setUint8(at + i, label);
    });
  });
}

function writeImages(
  folder: string,
  part: string,
  id: string,
  { shape: [, height, width], labels }: Scene,
  random: Random,
  grey: boolean,
): void {
  const data = new Uint8Array(3 * labels.length);
  labels.forEach((label, i) => {
    for (let c = 0; c < 3; c++) data[3 * i + c] = grey && c > 0 ? data[3 * i] : brightness(label, c, random);
  });
  writePng(join(folder, `images${part}/${id}_0000.png`), { width, height, channels: 3, depth: 8, data });
  writeLabelMap(join(folder, `labels${part}/${id}.png`), { width, height, data: labels });
}

function writeInstances(folder: string, id: string, { shape: [, height, width], instances }: Scene): void {
  const path = join(folder, `instancesTs/${id}.png`);
  writePng(path, { width, height, channels: 1, depth: 16, data: instances });
}

function writeInto(path: string, bytes: Uint8Array): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, bytes);
}
