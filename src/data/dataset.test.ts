import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { labelledSlices, loadCase } from './case.ts';
import { expectedOf, openDataset } from './dataset.ts';
import { writeLabelMap, writePng } from './png.ts';

const root = mkdtempSync(join(tmpdir(), 'dataset-'));
afterAll(() => rmSync(root, { recursive: true }));
const folder = join(root, 'Dataset001_Tiny');

const info = {
  channel_names: { '0': 'R', '1': 'G', '2': 'B' },
  labels: { background: 0, disc: 1, rim: 2 },
  numTraining: 2,
  file_ending: '.png',
};

function writeInfo(changes: object): void {
  writeFileSync(join(folder, 'dataset.json'), JSON.stringify({ ...info, ...changes }));
}

function writeCase(id: string, part: 'Tr' | 'Ts', label: Int32Array | undefined): void {
  const data = Uint8Array.from({ length: 4 * 3 * 3 }, (_, i) => i + id.length);
  writePng(join(folder, `images${part}`, `${id}_0000.png`), {
    width: 4,
    height: 3,
    channels: 3,
    depth: 8,
    data,
  });
  if (label !== undefined)
    writeLabelMap(join(folder, `labels${part}`, `${id}.png`), { width: 4, height: 3, data: label });
}

const label = () => Int32Array.of(0, 0, 0, 0, 0, 1, 2, 0, 0, 1, 2, 0);

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeInfo({});
  writeCase('b', 'Tr', label());
  writeCase('a', 'Tr', label());
});

function errorOf(action: () => unknown): InputError {
  try {
    action();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('openDataset', () => {
  it('lists channels, classes and cases in the order of their ids', () => {
    const dataset = openDataset(folder);
    expect(dataset).toMatchObject({
      name: 'Dataset001_Tiny',
      channels: ['R', 'G', 'B'],
      classes: [
        { name: 'background', value: 0 },
        { name: 'disc', value: 1 },
        { name: 'rim', value: 2 },
      ],
      test: [],
    });
    expect(dataset.training.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(dataset.training[0].label).toBe(join(folder, 'labelsTr', 'a.png'));
  });

  it('takes test images with and without labels', () => {
    writeCase('c', 'Ts', undefined);
    expect(openDataset(folder).test).toEqual([{ id: 'c', images: [join(folder, 'imagesTs', 'c_0000.png')] }]);
    writeCase('d', 'Ts', label());
    // The folder as it is serves to train all the same.
    const { training } = openDataset(folder);
    expect(training.length).toBe(2);
    expect(errorOf(() => openDataset(folder).test).message).toContain(
      `${join(folder, 'labelsTs', 'c.png')}: missing`,
    );
  });

  it('reads the data set that ships as an example', () => {
    const dataset = openDataset('examples/nuclei/Dataset703_Nuclei');
    expect([dataset.training.length, dataset.test.length]).toEqual([60, 16]);
    for (const files of [...dataset.training, ...dataset.test]) {
      expect(labelledSlices([loadCase(files, { channels: 3, labelling: dataset })]).length).toBe(1);
    }
  });

  const refused: [string, () => void, RegExp][] = [
    ['no dataset.json', () => rmSync(join(folder, 'dataset.json')), /dataset\.json: no such file/],
    ['broken JSON', () => writeFileSync(join(folder, 'dataset.json'), '{"labels": '), /is not JSON/],
    ['JSON that is no object', () => writeFileSync(join(folder, 'dataset.json'), '[]'), /not a JSON object/],
    ['another file ending', () => writeInfo({ file_ending: '.bmp' }), /file_ending is "\.bmp".*\.nii\.gz/],
    ['a wrong count', () => writeInfo({ numTraining: 3 }), /numTraining is 3, but imagesTr holds 2/],
    ['no channels', () => writeInfo({ channel_names: undefined }), /channel_names is missing/],
    ['channels not numbered from 0', () => writeInfo({ channel_names: { '1': 'R' } }), /must map "0", "1"/],
    [
      'classes without background',
      () => writeInfo({ labels: { disc: 0, rim: 1 } }),
      /no class named "background"/,
    ],
    ['two classes of one value', () => writeInfo({ labels: { background: 0, a: 1, b: 1 } }), /1 to a and b/],
    ['half a value', () => writeInfo({ labels: { background: 0, a: 1.5 } }), /label a is 1\.5/],
    ['no value', () => writeInfo({ labels: { background: 0, a: null } }), /label a is null/],
    ['a value of 16 bits', () => writeInfo({ labels: { background: 0, a: 256 } }), /from 0 to 255/],
    ['a list of files', () => writeInfo({ dataset: {} }), /"dataset" .* not supported/],
    ['a missing label', () => rmSync(join(folder, 'labelsTr', 'b.png')), /labelsTr\/b\.png: missing/],
    [
      'a missing image',
      () => rmSync(join(folder, 'imagesTr', 'b_0000.png')),
      /imagesTr\/b_0000\.png: missing/,
    ],
    ['a name without channel', () => writeFileSync(join(folder, 'imagesTr', 'x.png'), ''), /channel number/],
    [
      'a missing channel',
      () => writeFileSync(join(folder, 'imagesTr', 'b_0002.png'), ''),
      /b_0001\.png: missing/,
    ],
    ['no imagesTr', () => rmSync(join(folder, 'imagesTr'), { recursive: true }), /imagesTr: is missing/],
  ];
  it.each(refused)('refuses %s', (_name, spoil, message) => {
    spoil();
    expect(errorOf(() => openDataset(folder)).message).toMatch(message);
  });
});

describe('loadCase', () => {
  const load = () => {
    const dataset = openDataset(folder);
    return loadCase(dataset.training[0], expectedOf(dataset));
  };

  it('gives the image channels first, and its label', () => {
    const { id, slices, spacing } = load();
    expect([id, spacing, slices.length]).toEqual(['a', [1, 1, 1], 1]);
    const [slice] = slices;
    expect([slice.channels, slice.height, slice.width]).toEqual([3, 3, 4]);
    expect([...slice.image.subarray(12, 16)]).toEqual([2, 5, 8, 11]);
    expect(slice.label).toEqual(label());
  });

  it('takes a channel from each of several files', () => {
    const grey = { width: 4, height: 3, channels: 1, depth: 8, data: new Uint8Array(12).fill(9) } as const;
    writePng(join(folder, 'imagesTr', 'a_0001.png'), grey);
    writeInfo({ channel_names: { '0': 'R', '1': 'G', '2': 'B', '3': 'IR' } });
    const { slices } = load();
    expect([slices[0].channels, slices[0].image[3], slices[0].image[36]]).toEqual([4, 10, 9]);
  });

  it('names a label of another size', () => {
    const path = join(folder, 'labelsTr', 'a.png');
    writeLabelMap(path, { width: 3, height: 4, data: label() });
    const error = errorOf(load);
    expect(error.code).toBe('image-size');
    expect(error.message).toContain(`${path}: is 3×4, but ${join(folder, 'imagesTr', 'a_0000.png')} is 4×3`);
  });

  it('names the values that are no class, their pixels and the classes', () => {
    const data = label();
    data.set([7, 7, 255]);
    writeCase('a', 'Tr', data);
    const error = errorOf(load);
    expect(error.code).toBe('label-values');
    expect(error.message).toBe(
      `${join(folder, 'labelsTr', 'a.png')}: holds 7 in 2 pixels, 255 in 1 pixel; ` +
        'the classes are 0 (background), 1 (disc), 2 (rim)',
    );
  });

  it('names files with another number of channels, and an alpha channel as the cause', () => {
    const path = join(folder, 'imagesTr', 'a_0000.png');
    writePng(path, { width: 4, height: 3, channels: 4, depth: 8, data: new Uint8Array(48) });
    const error = errorOf(load);
    expect(error.message).toBe(`case a: 4 channel(s) in ${path} (4); 3 expected`);
    expect(error.hint).toContain('alpha');
  });

  it('stacks the slices of NIfTI volumes', () => {
    const volumes = join(root, 'Dataset002_Volumes');
    mkdirSync(join(volumes, 'imagesTr'), { recursive: true });
    mkdirSync(join(volumes, 'labelsTr'));
    const source = 'tests/fixtures/metrics/hippocampus_045_gt.nii.gz';
    cpSync(source, join(volumes, 'imagesTr', 'h_0000.nii.gz'));
    cpSync(source, join(volumes, 'labelsTr', 'h.nii.gz'));
    const own = { channel_names: { '0': 'MRI' }, numTraining: 1, file_ending: '.nii.gz' };
    writeFileSync(join(volumes, 'dataset.json'), JSON.stringify({ ...info, ...own }));
    const dataset = openDataset(volumes);
    const { slices, spacing } = loadCase(dataset.training[0], expectedOf(dataset));
    // The file's own header says 1.25 × 1.25 × 2.5 mm along x, y, z.
    expect(spacing).toEqual([2.5, 1.25, 1.25]);
    expect([slices.length, slices[0].height, slices[0].width]).toEqual([37, 48, 36]);
    for (const slice of slices) expect([...slice.image]).toEqual([...slice.label!]);
    expect(slices.some((slice) => slice.label!.includes(2))).toBe(true);
  });
});
