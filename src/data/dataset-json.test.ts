import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { loadCase } from './case.ts';
import { expectedOf, openDataset } from './dataset.ts';
import { writeLabelMap, writePng } from './png.ts';

const root = mkdtempSync(join(tmpdir(), 'dataset-json-'));
afterAll(() => rmSync(root, { recursive: true }));
const folder = join(root, "Dataset001_Owner's");
const path = join(folder, 'dataset.json');

const right = {
  channel_names: { '0': 'R', '1': 'G', '2': 'B' },
  labels: { background: 0, disc: 1, rim: 2 },
  numTraining: 2,
  file_ending: '.png',
};

function writeCases(values: readonly number[], suffix = '_0000', channels: 1 | 3 = 3): void {
  for (const id of ['a', 'b']) {
    const image = { width: 3, height: 1, channels, depth: 8, data: new Uint8Array(3 * channels) } as const;
    writePng(join(folder, 'imagesTr', `${id}${suffix}.png`), image);
    writeLabelMap(join(folder, 'labelsTr', `${id}.png`), {
      width: 3,
      height: 1,
      data: Int32Array.from(values),
    });
  }
}

const write = (json: unknown) => writeFileSync(path, JSON.stringify(json));

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeCases([0, 1, 2]);
});

function load(): void {
  const dataset = openDataset(folder);
  for (const files of dataset.training) loadCase(files, expectedOf(dataset));
}

function errorOf(action: () => unknown): InputError {
  try {
    action();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Does what the message says to do: replaces the file, or the entry; and runs the commands that it gives. */
function paste(hint: string, json: object): void {
  const whole = /^\{\n[\s\S]*?\n\}$/m.exec(hint);
  const entry = /"\w+": .*?(?=, and --set|$)/.exec(hint);
  if (whole) writeFileSync(path, whole[0]);
  else if (entry) write({ ...json, ...(JSON.parse(`{${entry[0]}}`) as object) });
  for (const [command] of hint.matchAll(/^\(cd .*\)$/gm)) execFileSync('bash', ['-c', command]);
}

const without = (key: keyof typeof right) => ({ ...right, [key]: undefined });

/** What is wrong, the message, and the hint where it matters word for word. */
const mistakes: [string, object, RegExp, RegExp?][] = [
  [
    'Background with a capital',
    { ...right, labels: { Background: 0, disc: 1, rim: 2 } },
    /labels has no class named "background"/,
    /^"labels": \{"background": 0, "disc": 1, "rim": 2\}$/,
  ],
  [
    'another name of the background',
    { ...right, labels: { bg: 0, disc: 1, rim: 2 } },
    /no class named "background"/,
    /^"labels": \{"background": 0, "disc": 1, "rim": 2\}$/,
  ],
  [
    'no background',
    { ...right, labels: { disc: 1, rim: 2 } },
    /no class named "background"/,
    /^"labels": \{"background": 0, "disc": 1, "rim": 2\}$/,
  ],
  ['a list of labels', { ...right, labels: ['background', 'disc', 'rim'] }, /labels is a list/],
  [
    'labels the other way round',
    { ...right, labels: { '0': 'Background', '1': 'disc', '2': 'rim' } },
    /maps values/,
  ],
  ['no labels', without('labels'), /labels is missing/, /"label_2": 2/],
  ['empty labels', { ...right, labels: {} }, /no class named/, /"label_2": 2/],
  ['only background', { ...right, labels: { background: 0 } }, /no class but background/, /"label_1": 1/],
  [
    'no numTraining',
    without('numTraining'),
    /numTraining is missing, but imagesTr holds 2/,
    /^"numTraining": 2$/,
  ],
  ['a wrong numTraining', { ...right, numTraining: 3 }, /numTraining is 3/, /^"numTraining": 2$/],
  ['a numTraining in quotes', { ...right, numTraining: '2' }, /numTraining is "2"/],
  ['no file_ending', without('file_ending'), /file_ending is missing/, /^"file_ending": "\.png"$/],
  ['an ending without its dot', { ...right, file_ending: 'png' }, /file_ending is "png"/],
  ['an ending in capitals', { ...right, file_ending: '.PNG ' }, /file_ending is "\.PNG "/],
  ['another ending than the files', { ...right, file_ending: '.bmp' }, /file_ending is "\.bmp"/],
  ['no channel_names', without('channel_names'), /channel_names is missing/, /"0": "R", "1": "G", "2": "B"/],
  ['a list of channels', { ...right, channel_names: ['R', 'G', 'B'] }, /must map "0", "1"/],
  ['channels from 1', { ...right, channel_names: { '1': 'R', '2': 'G', '3': 'B' } }, /must map/, /"0": "R"/],
  [
    'channels the other way round',
    { ...right, channel_names: { R: 0, G: 1, B: '2' } },
    /must map/,
    /"2": "B"/,
  ],
  [
    'several of these',
    { name: 'Discs', labels: { Background: 0, disc: 1, rim: 2 }, channel_names: ['R', 'G', 'B'] },
    /channel_names must[\s\S]*labels has[\s\S]*file_ending is[\s\S]*numTraining is/,
    /"name": "Discs"/,
  ],
];

describe('a mistake in dataset.json', () => {
  it.each(mistakes)(
    '%s is named, and what the message gives to paste is right',
    (_name, json, message, hint) => {
      write(json);
      const error = errorOf(load);
      expect(error.code).toBe('bad-dataset');
      expect(error.message).toMatch(message);
      expect(error.message.startsWith(`${path}: `)).toBe(true);
      if (hint) expect(error.hint).toMatch(hint);
      paste(error.hint!, json);
      load();
    },
  );

  it('no dataset.json at all: one for the files that are there', () => {
    const error = errorOf(load);
    expect([error.code, error.message]).toEqual(['file-not-found', expect.stringContaining('no such file')]);
    paste(error.hint!, {});
    load();
  });

  it('a folder of data sets: the data sets', () => {
    write(right);
    expect(errorOf(() => openDataset(root)).hint).toBe(folder);
  });

  it('the file of the Medical Segmentation Decathlon: all of it, and the names of the images', () => {
    rmSync(join(folder, 'imagesTr'), { recursive: true });
    writeCases([0, 1, 2], '', 1);
    const json = {
      name: 'Discs',
      licence: 'CC-BY-SA 4.0',
      tensorImageSize: '3D',
      modality: { '0': 'MRI' },
      labels: { '0': 'background', '1': 'Anterior', '2': 'Posterior' },
      numTraining: 2,
      numTest: 0,
      training: [{ image: './imagesTr/a.png', label: './labelsTr/a.png' }],
      test: [],
    };
    write(json);
    const error = errorOf(load);
    expect(error.message).toMatch(/"modality" is its older name\n.*labels maps values to names/);
    expect(error.hint).toContain(`{
  "name": "Discs",
  "licence": "CC-BY-SA 4.0",
  "labels": {"background": 0, "Anterior": 1, "Posterior": 2},
  "numTraining": 2,
  "channel_names": {"0": "MRI"},
  "file_ending": ".png"
}`);
    paste(error.hint!, json);
    load();
    expect(readdirSync(join(folder, 'imagesTr'))).toEqual(['a_0000.png', 'b_0000.png']);
  });

  it('several modalities of the Decathlon: what becomes of their volumes', () => {
    write({ ...right, channel_names: undefined, modality: { '0': 'FLAIR', '1': 'T1w' } });
    expect(errorOf(load).hint).toMatch(
      /"0": "FLAIR", "1": "T1w"[\s\S]*2 modalities as a file a modality, <case>_0000/,
    );
  });

  it('images without channel numbers: a command that names them', () => {
    write(right);
    rmSync(join(folder, 'imagesTr'), { recursive: true });
    writeCases([0, 1, 2], '');
    const error = errorOf(load);
    expect(error.message).toContain('does not end in a channel number');
    paste(error.hint!, right);
    load();
  });
});

describe('label maps of other values than dataset.json says', () => {
  const cases: [string, number[], object, string][] = [
    [
      '0 and 255',
      [0, 255, 255],
      { background: 0, nucleus: 1 },
      '"labels": {"background": 0, "nucleus": 255}',
    ],
    ['a gap', [0, 1, 5], { background: 0, a: 1, b: 2 }, '"labels": {"background": 0, "a": 1, "b": 5}'],
    ['one more', [0, 1, 2], { background: 0, a: 1 }, '"labels": {"background": 0, "a": 1, "label_2": 2}'],
    ['none of 0', [1, 2, 2], { background: 0, a: 1 }, '"labels": {"background": 0, "a": 1, "label_2": 2}'],
  ];

  it.each(cases)('%s: the labels that are right', (_name, values, labels, hint) => {
    writeCases(values);
    write({ ...right, labels });
    const error = errorOf(load);
    expect(error.code).toBe('label-values');
    expect(error.hint).toContain(`in dataset.json: ${hint}`);
    paste(error.hint!, right);
    load();
  });

  it('looks at all label maps, not only at the first that is wrong', () => {
    writeCases([0, 255, 255]);
    const data = Int32Array.of(0, 128, 255);
    writeLabelMap(join(folder, 'labelsTr', 'b.png'), { width: 3, height: 1, data });
    write({ ...right, labels: { background: 0, a: 1, b: 2 } });
    expect(errorOf(load).hint).toContain('{"background": 0, "a": 128, "b": 255}');
  });

  it('does not take instances for classes', () => {
    for (const id of ['a', 'b']) {
      const data = Uint8Array.from({ length: 300 }, (_, i) => i % 200);
      const image = { width: 100, height: 1, channels: 3, depth: 8, data } as const;
      writePng(join(folder, 'imagesTr', `${id}_0000.png`), image);
      const labels = Int32Array.from({ length: 100 }, (_, i) => i);
      writeLabelMap(join(folder, 'labelsTr', `${id}.png`), { width: 100, height: 1, data: labels });
    }
    write(right);
    expect(errorOf(load).hint).toMatch(/^more than 32 values: these are instances/);
  });

  it('numbers the classes by their values, background first', () => {
    writeCases([255, 7, 0]);
    write({ ...right, labels: { hole: 255, background: 7, disc: '0' } });
    const dataset = openDataset(folder);
    expect(dataset.classes.map(({ name }) => name)).toEqual(['background', 'disc', 'hole']);
    expect([...loadCase(dataset.training[0], expectedOf(dataset)).slices[0].label!]).toEqual([2, 0, 1]);
  });
});
