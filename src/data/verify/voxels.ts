import { slopeHint } from '../image.ts';
import type { Labelling } from '../labelling.ts';
import type { Problem } from './problem.ts';

/** So many wrong values of a map are told. */
const SHOWN = 5;

/** What is wrong with the values of an image: some are no finite numbers (error), or all are the same (warning). */
export function imageValueProblems(file: string, data: Float32Array): Problem[] {
  const unusable = data.reduce((count, value) => (Number.isFinite(value) ? count : count + 1), 0);
  if (unusable > 0) {
    const found = `${unusable} of ${data.length} voxels are NaN or infinite`;
    return [
      { kind: 'not-finite', severity: 'error', file, found, hint: 'set them to the background of the image' },
    ];
  }
  if (data.some((value) => value !== data[0])) return [];
  const found = `every voxel is ${data[0]}`;
  return [
    { kind: 'constant-image', severity: 'warning', file, found, hint: 'look whether the export failed' },
  ];
}

/**
 * What is wrong with the values of a label map, before they are taken for class ids: values that no class has
 * (error), or none of the classes (warning).
 *
 * @param data values as the file has them, after the slope of its header
 */
export function labelValueProblems(file: string, data: Float32Array, labelling: Labelling): Problem[] {
  const { classes, ignore } = labelling;
  const known = new Set(classes.map(({ value }) => value));
  if (ignore !== undefined) known.add(ignore);
  const wrong = new Map<number, number>();
  for (const value of data) if (!known.has(value)) wrong.set(value, (wrong.get(value) ?? 0) + 1);
  if (wrong.size === 0) {
    if (data.some((value) => value !== classes[0].value && value !== ignore)) return [];
    const ignored = data.some((value) => value === ignore);
    const found = !ignored
      ? 'holds background alone'
      : data.every((value) => value === ignore)
        ? 'holds nothing but what is ignored'
        : 'holds background alone, and what is ignored';
    const hint = 'nothing to do where the case shows none of the classes';
    return [{ kind: 'empty-label', severity: 'warning', file, found, hint }];
  }
  const values = [...wrong].sort(([a], [b]) => a - b);
  const shown = values.slice(0, SHOWN).map(([value, count]) => `${Number(value.toPrecision(6))} (${count}×)`);
  const more = values.length > SHOWN ? ` and ${values.length - SHOWN} more values` : '';
  const found = `holds ${shown.join(', ')}${more}; the classes are ${classes.map(({ value }) => value).join(', ')}${ignore === undefined ? '' : `, and ${ignore} is ignored`}`;
  return [
    { kind: 'label-values', severity: 'error', file, found, hint: valuesHint([...wrong.keys()], labelling) },
  ];
}

function valuesHint(wrong: readonly number[], { classes }: Labelling): string {
  const slope = wrong.map(slopeHint).find((hint) => hint !== undefined);
  if (slope !== undefined) return slope;
  if (wrong.length === 1 && wrong[0] === 255 && classes.length === 2) {
    return `write 255 as ${classes[1].value} in the label maps, or set "${classes[1].name}": 255 in dataset.json`;
  }
  return 'correct the label map, or add the values to labels in dataset.json';
}
