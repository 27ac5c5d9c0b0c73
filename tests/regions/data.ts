import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Slices, rows and columns of every volume. */
export const SHAPE = [3, 8, 8] as const;
const [DEPTH, HEIGHT, WIDTH] = SHAPE;
export const PLANE = HEIGHT * WIDTH;
export const VOXELS = DEPTH * PLANE;

export const IGNORE = 4;
/** Regions by name: their values, in the order in which they are painted, with the value of each. */
export const REGIONS = [
  { name: 'whole', values: [1, 2, 3], painted: 1 },
  { name: 'core', values: [2, 3], painted: 2 },
  { name: 'enhancing', values: [3], painted: 3 },
] as const;

export const LABELS = {
  background: 0,
  whole: [1, 2, 3],
  core: [2, 3],
  enhancing: 3,
  ignore: IGNORE,
};

/** Of which the first is trained on. */
export const TRAINING = ['a', 'b', 'c'] as const;
export const TEST = ['s', 't'] as const;

/** Squares in one another in slices that show some, with pixels that are ignored in every slice. */
export function labelOf(id: string): Uint8Array {
  const shift = (id.charCodeAt(0) % 3) - 1;
  return Uint8Array.from({ length: VOXELS }, (_, i) => {
    const [z, y, x] = [Math.floor(i / PLANE), Math.floor(i / WIDTH) % HEIGHT, i % WIDTH];
    if (z === 2 && id === 'a') return IGNORE;
    if (y === 7 || (z === 0 && x >= 5) || (y === 1 && x === 2)) return IGNORE;
    if (z === 0) return 0;
    const away = Math.max(Math.abs(y - 3.5), Math.abs(x - 3.5 - shift)) + (z === 2 ? 1 : 0);
    return away < 1 ? 3 : away < 2 ? 2 : away < 3 ? 1 : 0;
  });
}

/** Higher with each region, with noise; never 0, and highest of all where nothing is known. */
export function imageOf(id: string): Float32Array {
  let state = id.charCodeAt(0);
  const label = labelOf(id);
  return Float32Array.from({ length: VOXELS }, (_, i) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const noise = ((state >>> 16) % 121) - 60;
    return label[i] === IGNORE ? 3000 + noise : [-101, 20, 80, 140][label[i]] + noise + 0.5;
  });
}

/** A NIfTI-1 volume [D, H, W] of voxels of 1×1×5 mm. */
export function writeNifti(path: string, data: Uint8Array | Float32Array): void {
  const head = new DataView(new ArrayBuffer(352));
  const [type, bits] = data instanceof Float32Array ? [16, 32] : [2, 8];
  head.setInt32(0, 348, true);
  for (const [i, size] of [3, WIDTH, HEIGHT, DEPTH, 1, 1, 1, 1].entries())
    head.setInt16(40 + 2 * i, size, true);
  head.setInt16(70, type, true);
  head.setInt16(72, bits, true);
  for (const [i, size] of [1, 1, 1, 5].entries()) head.setFloat32(76 + 4 * i, size, true);
  head.setFloat32(108, 352, true);
  head.setFloat32(112, 1, true);
  head.setUint8(123, 2);
  new Uint8Array(head.buffer).set(new TextEncoder().encode('n+1\0'), 344);
  mkdirSync(dirname(path), { recursive: true });
  const voxels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  writeFileSync(path, gzipSync(Buffer.concat([new Uint8Array(head.buffer), voxels])));
}

/** The data set in nnU-Net's raw layout. */
export function writeDataset(folder: string, changes: object = {}): string {
  for (const [part, ids] of [
    ['Tr', TRAINING],
    ['Ts', TEST],
  ] as const) {
    for (const id of ids) {
      writeNifti(join(folder, `images${part}`, `${id}_0000.nii.gz`), imageOf(id));
      writeNifti(join(folder, `labels${part}`, `${id}.nii.gz`), labelOf(id));
    }
  }
  const info = {
    name: 'Squares',
    channel_names: { '0': 'CT' },
    labels: LABELS,
    regions_class_order: REGIONS.map(({ painted }) => painted),
    numTraining: TRAINING.length,
    file_ending: '.nii.gz',
    ...changes,
  };
  writeFileSync(join(folder, 'dataset.json'), JSON.stringify(info));
  return folder;
}
