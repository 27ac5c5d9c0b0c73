import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { nnunet } from '../../src/data/planning/testing.ts';
import type { Problem } from '../../src/data/verify/problem.ts';
import { archc, json, temporaryFolder } from './archc.ts';
import { writeDataset, writeImage, writeLabel } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);

interface Found {
  ok: boolean;
  images: number;
  labels: number;
  errors: number;
  warnings: number;
  problems: Problem[];
}

async function verify(path: string): Promise<Found & { code: number }> {
  const result = await archc('data', 'verify', path, '--json');
  return { ...(json(result) as unknown as Found), code: result.code };
}

/** Changes the uncompressed bytes of a NIfTI-1 file. */
function patch(path: string, change: (view: DataView) => void): void {
  const bytes = new Uint8Array(gunzipSync(readFileSync(path)));
  change(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  writeFileSync(path, gzipSync(bytes));
}

/** Places of fields in a header of nifti1.h. */
const at = {
  datatype: 70,
  pixdim: (axis: number) => 76 + 4 * axis,
  slope: 112,
  voxels: 108,
  shift: 292,
  quaternShift: 268,
};

test('a data set without faults says how much was read, and ends with 0', async () => {
  for (const [path, images] of [
    ['examples/nuclei/Dataset703_Nuclei', 76],
    [`${nnunet}/Dataset900_Anisotropic`, 8],
    [writeDataset(inFolder('tiny')), 6],
  ] as const) {
    expect(await verify(path)).toMatchObject({
      code: 0,
      ok: true,
      errors: 0,
      warnings: 0,
      images,
      labels: images,
    });
  }
  const text = await archc('data', 'verify', inFolder('tiny'));
  expect(text.stdout).toBe('6 images and 6 label maps read: 0 error(s), 0 warning(s)\n');
});

test('everything that is wrong is found at once, each with its file', async () => {
  const set = inFolder('broken');
  cpSync(`${nnunet}/Dataset900_Anisotropic`, set, { recursive: true });
  const image = (id: string) => join(set, `imagesTr/${id}_0000.nii.gz`);
  const label = (id: string) => join(set, `labelsTr/${id}.nii.gz`);
  writeFileSync(join(set, 'imagesTr/notes.txt'), 'hello');
  renameSync(image('case1'), join(set, 'imagesTr/case1.nii.gz'));
  rmSync(label('case2'));
  copyFileSync(label('case3'), label('lonely'));
  patch(label('case3'), (v) => v.setFloat32(at.pixdim(1), 2 * v.getFloat32(at.pixdim(1), true), true));
  patch(label('case4'), (v) => {
    for (const field of [at.shift, at.quaternShift]) v.setFloat32(field, v.getFloat32(field, true) + 1, true);
  });
  copyFileSync(label('case7'), label('case5'));
  patch(label('case6'), (v) => v.setUint8(v.getFloat32(at.voxels, true) + 5, 255));
  patch(label('case7'), (v) => v.setFloat32(at.slope, 0.99999, true));
  patch(image('case0'), (v) => {
    expect(v.getInt16(at.datatype, true)).toBe(16);
    v.setFloat32(v.getFloat32(at.voxels, true), Number.NaN, true);
  });
  // A second one of case6, one that was cut off, one without a byte, and one that is a test case, too.
  copyFileSync(image('case6'), image('twin'));
  copyFileSync(`${nnunet}/Dataset900_Anisotropic/labelsTr/case6.nii.gz`, label('twin'));
  copyFileSync(image('case2'), image('cut'));
  copyFileSync(label('lonely'), label('cut'));
  truncateSync(image('cut'), 20_000);
  writeFileSync(image('nothing'), '');
  copyFileSync(label('lonely'), label('nothing'));
  mkdirSync(join(set, 'imagesTs'));
  copyFileSync(image('case5'), join(set, 'imagesTs/t_0000.nii.gz'));

  const { code, problems, errors, warnings } = await verify(set);
  expect(code).toBe(2);
  expect([errors, warnings]).toEqual([
    problems.filter(({ severity }) => severity === 'error').length,
    problems.filter(({ severity }) => severity === 'warning').length,
  ]);
  const of = (kind: string) => problems.filter((p) => p.kind === kind);
  const one = (kind: string, file: string, found: RegExp, hint: RegExp) => {
    expect(
      of(kind).map((p) => p.file),
      kind,
    ).toEqual([file]);
    expect(of(kind)[0].found).toMatch(found);
    expect(of(kind)[0].hint).toMatch(hint);
  };
  one(
    'dataset-json',
    join(set, 'dataset.json'),
    /numTraining is 8, but imagesTr holds 11/,
    /"numTraining": 11/,
  );
  one('extra-file', join(set, 'imagesTr/notes.txt'), /does not end in \.nii\.gz/, /move it out/);
  one('no-channel-number', join(set, 'imagesTr/case1.nii.gz'), /no channel number/, /case1_0000\.nii\.gz/);
  one('missing-label', label('case2'), /missing/, /add the label/);
  one('missing-image', image('lonely'), /missing/, /add the image/);
  one('spacing', label('case3'), /has voxels of .*case3_0000/, /header/);
  one('place', label('case4'), /corners are up to 1\.00 apart/, /orientation/);
  one('size', label('case5'), /is \d+×\d+×\d+, .*case5_0000\.nii\.gz is/, /belong together/);
  expect(of('label-values').map((p) => p.file)).toEqual([label('case6'), label('case7')]);
  expect(of('label-values')[0].found).toMatch(/^holds 255 \(1×\); the classes are 0, 1, 2$/);
  expect(of('label-values')[1].found).toMatch(/0\.99999 \(\d+×\), 1\.99998 \(\d+×\)/);
  expect(of('label-values')[1].hint).toMatch(/almost 1: a slope in the header/);
  one('not-finite', image('case0'), /1 of \d+ voxels are NaN or infinite/, /background/);
  one('double', image('twin'), /has the voxels of .*case6_0000/, /remove one/);
  one('test-in-training', join(set, 'imagesTs/t_0000.nii.gz'), /voxels of .*case5_0000/, /remove one/);
  expect(of('unreadable').map((p) => p.file)).toEqual([image('cut'), image('nothing')]);
  expect(of('unreadable')[0].found).toMatch(/cannot be decompressed/);
  const known = new Set([
    ...[
      'dataset-json',
      'extra-file',
      'no-channel-number',
      'missing-label',
      'missing-image',
      'spacing',
      'place',
    ],
    ...['size', 'label-values', 'not-finite', 'double', 'test-in-training', 'unreadable'],
  ]);
  expect(problems.filter(({ kind }) => !known.has(kind))).toEqual([]);

  // As text: kinds with counts, errors first; nothing of the folder was changed.
  const text = await archc('data', 'verify', set);
  expect(text.code).toBe(2);
  expect(text.stdout).toMatch(/^error\[label-values\]: 2\n {2}\S+case6\.nii\.gz: holds 255.*\n {4}= try: /m);
  expect(text.stdout.indexOf('warning[double]: 1')).toBeGreaterThan(text.stdout.lastIndexOf('error['));
  expect(text.stdout).toMatch(/\n\d+ images and \d+ label maps read: \d+ error\(s\), 1 warning\(s\)\n$/);
});

test('five patients that look like five channels, and 255 where 1 is meant', async () => {
  const set = inFolder('patients');
  for (let i = 0; i < 5; i++) {
    writeImage(join(set, `imagesTr/p_000${i}.png`), 8, 8, i);
    writeLabel(join(set, `labelsTr/p_000${i}.png`), 8, 8, i);
  }
  const info = {
    ...{ channel_names: { '0': 'R', '1': 'G', '2': 'B' }, numTraining: 5, file_ending: '.png' },
    labels: { background: 0, disc: 1, rim: 2, never: 7 },
  };
  writeFileSync(join(set, 'dataset.json'), JSON.stringify(info));
  const { code, problems } = await verify(set);
  expect(code).toBe(2);
  const extra = problems.filter(({ kind }) => kind === 'extra-channel');
  expect(extra.map(({ file }) => file)).toEqual([1, 2, 3, 4].map((i) => join(set, `imagesTr/p_000${i}.png`)));
  expect(extra[0].hint).toContain('where p_0001 is a case of its own, append _0000 to its name');
  expect(
    problems.filter(({ kind }) => kind === 'unused-class' || kind === 'missing-image').length,
  ).toBeGreaterThan(0);
});

test('without a dataset.json names and headers are looked at all the same', async () => {
  const set = writeDataset(inFolder('bare'));
  rmSync(join(set, 'dataset.json'));
  rmSync(join(set, 'labelsTr/a.png'));
  const { code, problems } = await verify(set);
  expect(code).toBe(2);
  expect(problems.map(({ kind }) => kind).sort()).toEqual(['dataset-json', 'missing-label']);
  const none = await verify(inFolder('nowhere'));
  expect([none.code, none.problems.map(({ kind }) => kind)]).toEqual([2, ['dataset-json', 'files']]);
});
