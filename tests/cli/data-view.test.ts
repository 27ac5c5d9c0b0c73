import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLabels } from '../../src/data/image.ts';
import { niftiBytes } from '../../src/data/testing.ts';
import { archc, expectError, json, temporaryFolder } from './archc.ts';
import { writeDataset, writeDatasetJson } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const images = writeDataset(inFolder('images'));

test('the figures of a page are those of the data', async () => {
  const output = inFolder('page.html');
  const found = json(await archc('data', 'view', images, '--output', output, '--cases', '2', '--json'));
  const maps = ['a', 'b', 'c', 'd'].map((id) => readLabels(join(images, `labelsTr/${id}.png`)).data);
  const voxels = [0, 1, 2].map((id) =>
    maps.reduce((n, map) => n + map.filter((value) => value === id).length, 0),
  );
  expect(found['classes']).toEqual(
    ['background', 'disc', 'rim'].map((name, value) => ({ name, value, voxels: voxels[value], cases: 4 })),
  );
  const channels = found['channels'] as { histogram: { background: number[]; foreground: number[] } }[];
  expect(channels.length).toBe(3);
  const sum = (counts: number[]) => counts.reduce((a, b) => a + b);
  for (const { histogram } of channels)
    expect([sum(histogram.background), sum(histogram.foreground)]).toEqual([
      voxels[0],
      voxels[1] + voxels[2],
    ]);
  expect(found).toMatchObject({ page: output, training: 4, warnings: [] });
  expect(found['cases']).toMatchObject([
    { id: 'a', size: [20, 24, 1], orientation: null, slices: [0] },
    { id: 'b' },
  ]);

  const html = readFileSync(output, 'utf8');
  // It loads and runs nothing.
  expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)|src="(?!data:)|href="(?!data:)/);
  expect(html.match(/src="data:image\/png/g)?.length).toBe(2);
  expect(html.match(/src="data:image\/svg/g)?.length).toBe(3);
  for (const text of ['Discs', 'disc', 'Cases (2 of 4)', voxels[2].toLocaleString('en-US'), '4 of 4'])
    expect(html).toContain(text);
});

test('volumes: slices across the coarsest axis, letters, warnings', async () => {
  const data = inFolder('volumes');
  for (const part of ['imagesTr', 'labelsTr']) mkdirSync(join(data, part), { recursive: true });
  const [width, height, depth] = [9, 8, 7];
  const affine = (sign: number) => [
    [sign * 5, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
  ];
  for (const [id, sign] of [
    ['a', 1],
    ['b', -1],
  ] as const) {
    const write = (name: string, value: (x: number) => number) => {
      const values = Float32Array.from({ length: width * height * depth }, (_, i) => value(i % width));
      const bytes = niftiBytes({
        sizes: [width, height, depth],
        spacing: [5, 1, 1],
        affine: affine(sign),
        data: values,
      });
      writeFileSync(join(data, name), bytes);
    };
    write(`imagesTr/${id}_0000.nii`, (x) => 10 * x);
    write(`labelsTr/${id}.nii`, (x) => (x === 2 || x === 6 ? 1 : 0));
  }
  writeDatasetJson(data, {
    name: 'Two volumes',
    channel_names: { '0': 'CT' },
    numTraining: 2,
    file_ending: '.nii',
  });
  const output = inFolder('volumes.html');
  const result = await archc('data', 'view', data, '--output', output);
  expect(result.code).toBe(0);
  expect(result.stdout).toBe(`2 of 2 cases shown → ${output}\n`);
  for (const text of [
    /no label map shows rim \(2\)/,
    /channel 0 \(CT\) is z-scored/,
    /along x, the first axis of their files \(5 mm apart\)/,
    /2 orientations, and are not turned alike: RAS \(a\), LAS \(b\)/,
  ])
    expect(result.stderr).toMatch(text);
  const found = json(await archc('data', 'view', data, '--output', output, '--json'));
  expect(found['cases']).toEqual(
    [
      ['a', 'RAS'],
      ['b', 'LAS'],
    ].map(([id, orientation]) => ({
      ...{ id, orientation, size: [9, 8, 7], spacing: [5, 1, 1], slice_axis: 'x', slices: [2, 6] },
    })),
  );
  expect(readFileSync(output, 'utf8')).toContain('slice 3 of 9');

  // What cannot be read is left out, and said.
  writeFileSync(join(data, 'imagesTr/a_0000.nii'), 'no volume');
  const partly = json(await archc('data', 'view', data, '--output', output, '--json'));
  expect((partly['warnings'] as string[])[0]).toMatch(/^a is left out: .*is not a NIfTI file/);
  expect(partly['training']).toBe(1);
  writeFileSync(join(data, 'imagesTr/b_0000.nii'), 'no volume');
  expectError(
    await archc('data', 'view', data, '--output', inFolder('none.html')),
    'bad-dataset',
    /left out/,
    /data verify/,
  );
  expect(existsSync(inFolder('none.html'))).toBe(false);
});
