import {
  copyFileSync,
  cpSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { nnunet } from '../../src/data/planning/testing.ts';
import { writePng } from '../../src/data/png.ts';
import { archc, temporaryFolder } from './archc.ts';
import { TINY, writeDataset, writeTinyPlan } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);

/** Three volumes of two classes. */
function volumes(name: string): string {
  const set = inFolder(name);
  for (const id of ['case0', 'case1', 'case2']) {
    for (const file of [`imagesTr/${id}_0000.nii.gz`, `labelsTr/${id}.nii.gz`])
      cpSync(`${nnunet}/Dataset900_Anisotropic/${file}`, join(set, file));
  }
  const info = JSON.parse(readFileSync(`${nnunet}/Dataset900_Anisotropic/dataset.json`, 'utf8')) as object;
  writeFileSync(join(set, 'dataset.json'), JSON.stringify({ ...info, numTraining: 3 }));
  return set;
}

const plans = {
  volumes: writeTinyPlan(inFolder('volumes.json'), volumes('good-volumes')),
  images: writeTinyPlan(inFolder('images.json'), writeDataset(inFolder('good-images'))),
};

/** Changes the uncompressed bytes of a NIfTI-1 file. */
function patch(path: string, change: (view: DataView) => void): void {
  const bytes = new Uint8Array(gunzipSync(readFileSync(path)));
  change(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  writeFileSync(path, gzipSync(bytes));
}

const image = (set: string, id = 'case1') => join(set, `imagesTr/${id}_0000.nii.gz`);
const label = (set: string, id = 'case1') => join(set, `labelsTr/${id}.nii.gz`);
const png = (set: string) => join(set, 'imagesTr/b_0000.png');
const pngLabel = (set: string) => join(set, 'labelsTr/b.png');

interface Fault {
  readonly kind: keyof typeof plans;
  /** What is wrong; gives the file that the message is to name. */
  readonly make: (set: string) => string;
  readonly says: RegExp;
}

const volume = (make: Fault['make'], says: RegExp): Fault => ({ kind: 'volumes', make, says });
const picture = (make: Fault['make'], says: RegExp): Fault => ({ kind: 'images', make, says });
const changed = (path: string, change: () => void) => {
  change();
  return path;
};
/** `dim` of nifti1.h. */
const dim = (axis: number) => 40 + 2 * axis;
const pixdim = (axis: number) => 76 + 4 * axis;

const faults: Readonly<Record<string, Fault>> = {
  'a volume that is cut off': volume(
    (set) => changed(image(set), () => truncateSync(image(set), 20_000)),
    /cannot be decompressed/,
  ),
  'a volume that is cut off in its header': volume(
    (set) => changed(image(set), () => truncateSync(image(set), 40)),
    /no NIfTI magic number/,
  ),
  'a label map that is cut off': volume(
    (set) => changed(label(set), () => truncateSync(label(set), 900)),
    /cannot be decompressed/,
  ),
  'a volume that was stored cut off': volume(
    (set) =>
      changed(image(set), () => {
        const bytes = gunzipSync(readFileSync(image(set)));
        writeFileSync(image(set), gzipSync(bytes.subarray(0, 5000)));
      }),
    /is truncated: 330720 bytes of voxels/,
  ),
  'a volume without a byte': volume(
    (set) => changed(image(set), () => writeFileSync(image(set), '')),
    /is empty: 0 bytes/,
  ),
  'a volume of size 0': volume(
    (set) => changed(image(set), () => patch(image(set), (v) => v.setInt16(dim(2), 0, true))),
    /has dimensions 39×0×40/,
  ),
  'a voxel that is no number': volume(
    (set) =>
      changed(image(set), () =>
        patch(image(set), (v) => v.setFloat32(v.getFloat32(108, true), Number.NaN, true)),
      ),
    /a voxel is NaN/,
  ),
  'a label of another size': volume(
    (set) => changed(label(set), () => copyFileSync(label(set, 'case0'), label(set))),
    /is 38×48×42, but/,
  ),
  'a label of other voxels': volume(
    (set) =>
      changed(label(set), () =>
        patch(label(set), (v) => v.setFloat32(pixdim(1), 1.01 * v.getFloat32(pixdim(1), true), true)),
      ),
    /has voxels of/,
  ),
  'a label that lies elsewhere': volume(
    (set) =>
      changed(label(set), () =>
        patch(label(set), (v) => {
          for (const field of [268, 292]) v.setFloat32(field, v.getFloat32(field, true) + 0.01, true);
        }),
      ),
    /lies elsewhere in space/,
  ),
  'a label that is no class': volume(
    (set) =>
      changed(label(set), () => patch(label(set), (v) => v.setUint8(v.getFloat32(108, true) + 5, 255))),
    /holds 255 in 1 pixel/,
  ),
  'labels that a slope made of others': volume(
    (set) => changed(label(set), () => patch(label(set), (v) => v.setFloat32(112, 0.99999, true))),
    /0\.99999/,
  ),
  'a case without label': volume((set) => changed(label(set), () => rmSync(label(set))), /missing/),
  'a label without image': volume(
    (set) => changed(image(set, 'lonely'), () => copyFileSync(label(set), label(set, 'lonely'))),
    /missing/,
  ),
  'a name without channel number': volume((set) => {
    const path = join(set, 'imagesTr/case1.nii.gz');
    renameSync(image(set), path);
    return path;
  }, /channel number/),
  'patients that look like channels': volume((set) => {
    for (const [i, id] of ['case0', 'case1', 'case2'].entries()) {
      renameSync(image(set, id), join(set, `imagesTr/patient_000${i}.nii.gz`));
      renameSync(label(set, id), join(set, `labelsTr/patient_000${i}.nii.gz`));
    }
    return join(set, 'labelsTr/patient.nii.gz');
  }, /missing/),
  'an image that is cut off': picture(
    (set) => changed(png(set), () => truncateSync(png(set), 300)),
    /truncated or damaged PNG image/,
  ),
  'an image without a byte': picture(
    (set) => changed(png(set), () => writeFileSync(png(set), '')),
    /is empty: 0 bytes/,
  ),
  'an image of width 0': picture(
    (set) =>
      changed(png(set), () => {
        const bytes = readFileSync(png(set));
        bytes.writeUInt32BE(0, 16);
        writeFileSync(png(set), bytes);
      }),
    /claims 0×16 pixels/,
  ),
  'an image with a wrong byte': picture(
    (set) =>
      changed(png(set), () => {
        const bytes = readFileSync(png(set));
        bytes[bytes.length - 60] ^= 255;
        writeFileSync(png(set), bytes);
      }),
    /truncated or damaged PNG image/,
  ),
  'a label map in colours': picture(
    (set) =>
      changed(pngLabel(set), () =>
        writePng(pngLabel(set), { width: 16, height: 16, channels: 3, depth: 8, data: new Uint8Array(768) }),
      ),
    /has 3 channels; a label map has one/,
  ),
};

const commands: Readonly<Record<string, (set: string, kind: keyof typeof plans) => string[]>> = {
  train: (set, kind) => [
    ...['train', TINY, '--data', set, '--backend', 'cpu'],
    ...(kind === 'volumes' ? ['--set', 'in_channels=1'] : []),
  ],
  // It reads as the others do, and draws 10^8 samples first.
  ...(process.env['ARCHC_FULL'] === '1' ? { 'data plan': (set: string) => ['data', 'plan', set] } : {}),
  'data preprocess': (set, kind) => ['data', 'preprocess', set, '--plan', plans[kind]],
};

describe.each(Object.entries(faults))('%s', (name, { kind, make, says }) => {
  const set = inFolder(name.replaceAll(' ', '-'));
  if (kind === 'volumes') volumes(name.replaceAll(' ', '-'));
  else writeDataset(set);
  const file = make(set);

  test.each(Object.entries(commands))('is told by %s with the file', async (command, args) => {
    const output = inFolder(`${name} ${command}`);
    const result = await archc(...args(set, kind), '--output', output);
    expect(result.code, result.stderr).toBe(2);
    expect(result.stderr).toMatch(/error\[[\w-]+\]: /);
    expect(result.stderr).toMatch(/= try: \S/);
    expect(result.stderr).toContain(file);
    expect(result.stderr).toMatch(says);
    // Cases that were preprocessed before the one with a fault are whole, and will be found again.
    const index = command === 'data preprocess' ? join(output, 'cache.json') : output;
    expect(existsSync(index)).toBe(false);
  });
});
