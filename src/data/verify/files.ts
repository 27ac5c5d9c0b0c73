import { join } from 'node:path';
import { splitChannel, visibleNames } from '../case-files.ts';
import { type ImageEnding, imageKind } from '../image.ts';
import type { Problem } from './problem.ts';

/**
 * All that is wrong with the names in a folder of images and the one of its labels; no file is opened.
 *
 * @param images the folder of images `<case>_0000<ending>`, …
 * @param labels the folder of label maps `<case><ending>`; absent where cases have none
 * @param channels images that each case must have
 * @throws InputError `bad-dataset` where a folder cannot be listed
 */
export function fileProblems(
  images: string,
  labels: string | undefined,
  ending: ImageEnding,
  channels: number,
): Problem[] {
  const problems: Problem[] = [];
  const report = (kind: string, file: string, found: string, hint: string) =>
    problems.push({ kind, severity: 'error', file, found, hint });
  const stems = (folder: string) =>
    visibleNames(folder, 'nnU-Net raw layout has imagesTr and labelsTr').flatMap((name) => {
      if (name.endsWith(ending)) return [name.slice(0, -ending.length)];
      if (imageKind(ending) === 'TIFF' && name.endsWith('.json')) return [];
      report('extra-file', join(folder, name), `does not end in ${ending}`, 'move it out of the folder');
      return [];
    });

  const cases = new Map<string, number[]>();
  const unnumbered = new Set<string>();
  for (const stem of stems(images)) {
    const name = splitChannel(stem);
    if (name) cases.set(name.id, [...(cases.get(name.id) ?? []), name.channel]);
    else {
      unnumbered.add(stem);
      const hint = `rename it to ${stem}_0000${ending}`;
      report('no-channel-number', join(images, stem + ending), 'has no channel number', hint);
    }
  }
  for (const [id, numbers] of cases) {
    const path = (channel: number) => join(images, `${id}_${String(channel).padStart(4, '0')}${ending}`);
    for (let channel = 0; channel < channels; channel++) {
      if (numbers.includes(channel)) continue;
      report('missing-channel', path(channel), 'missing', `each case has ${channels} channels: add it`);
    }
    for (const channel of numbers.filter((number) => number >= channels)) {
      const hint = `where ${id}_${String(channel).padStart(4, '0')} is a case of its own, append _0000 to its name`;
      report('extra-channel', path(channel), `dataset.json has ${channels} channels`, hint);
    }
  }
  if (labels === undefined) return problems;
  const labelled = new Set(stems(labels));
  for (const id of [...cases.keys(), ...unnumbered]) {
    if (labelled.has(id)) continue;
    report('missing-label', join(labels, id + ending), 'missing', 'add the label or remove the image');
  }
  for (const id of labelled) {
    if (cases.has(id) || unnumbered.has(id)) continue;
    const hint = 'add the image or remove the label';
    report('missing-image', join(images, `${id}_0000${ending}`), 'missing, while its label is there', hint);
  }
  return problems;
}
