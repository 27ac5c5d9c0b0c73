import { expect, it } from 'vitest';
import { imageValueProblems, labelValueProblems } from './voxels.ts';

const classes = [
  { name: 'background', value: 0 },
  { name: 'cell', value: 1 },
];
const label = (...values: number[]) => labelValueProblems('l.nii', new Float32Array(values), { classes });
const image = (...values: number[]) => imageValueProblems('i.nii', new Float32Array(values));

it('accepts values of the classes', () => {
  expect(label(0, 1, 1)).toEqual([]);
  expect(image(0, 2)).toEqual([]);
});

it('knows 255 where 1 is meant', () => {
  const [{ severity, found, hint }] = label(0, 255, 255);
  expect(severity).toBe('error');
  expect(found).toBe('holds 255 (2×); the classes are 0, 1');
  expect(hint).toContain('write 255 as 1');
});

it('knows a value that a slope has moved', () => {
  const [{ found, hint }] = label(0, 2.99998);
  expect(found).toContain('2.99998 (1×)');
  expect(hint).toContain('almost 3: a slope in the header');
});

it('counts NaN of a label as one value', () => {
  expect(label(Number.NaN, Number.NaN, 1)[0].found).toContain('NaN (2×)');
});

it('warns of a label without a class', () => {
  expect(label(0, 0)).toMatchObject([{ kind: 'empty-label', severity: 'warning' }]);
});

it('counts voxels of an image that are no numbers', () => {
  expect(image(1, Number.NaN, Number.POSITIVE_INFINITY)).toMatchObject([
    { kind: 'not-finite', severity: 'error', found: '2 of 3 voxels are NaN or infinite' },
  ]);
});

it('warns of a constant image', () => {
  expect(image(7, 7)).toMatchObject([{ kind: 'constant-image', severity: 'warning' }]);
});
