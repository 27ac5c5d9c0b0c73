import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { readLabels } from './image.ts';
import { caseId, labelMapsIn, readAlongside } from './label-pairs.ts';

const TRUTH = 'tests/fixtures/metrics/hippocampus_177_gt.nii.gz';
const truth = { path: TRUTH, labels: readLabels(TRUTH) };
const folder = mkdtempSync(join(tmpdir(), 'archc-pairs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The prediction of the fixture with another header. */
function changed(change: (header: Buffer) => void): string {
  const bytes = gunzipSync(readFileSync(TRUTH.replace('_gt', '_pred')));
  change(bytes);
  const path = join(folder, 'changed.nii');
  writeFileSync(path, bytes);
  return path;
}

/** NIfTI-1: srow_x of four floats at byte 280, then srow_y and srow_z. */
const srow = (row: number, column: number) => 280 + 16 * row + 4 * column;

function problem(path: string): InputError {
  try {
    readAlongside(path, truth);
  } catch (error) {
    if (error instanceof InputError) return error;
  }
  throw new Error(`${path} was read`);
}

it('reads what lies in the same place, whatever is rounded', () => {
  expect(readAlongside(TRUTH.replace('_gt', '_pred'), truth).shape).toEqual(truth.labels.shape);
  const path = changed((header) => {
    header.writeFloatLE(2.50001, 84);
    header.writeFloatLE(2.50001, srow(1, 1));
    header.writeFloatLE(0.005, srow(0, 3));
  });
  expect(readAlongside(path, truth).spacing[1]).toBeCloseTo(2.50001, 5);
});

it('names both files where voxels differ in size', () => {
  const { code, message } = problem(changed((header) => header.writeFloatLE(2.4, 84)));
  expect(code).toBe('image-geometry');
  expect(message).toBe(
    `${join(folder, 'changed.nii')} has voxels of 1×2.4×2.5, its truth ${TRUTH} of 1×2.5×2.5`,
  );
});

it('names both files where they lie elsewhere', () => {
  const shifted = problem(changed((header) => header.writeFloatLE(3, srow(2, 3))));
  expect(shifted.code).toBe('image-geometry');
  expect(shifted.message).toContain(
    `${join(folder, 'changed.nii')} lies elsewhere in space than its truth ${TRUTH}`,
  );
  expect(shifted.message).toContain('3.00 apart');
  // Mirrored along x: the first voxel stays, the last of 33 goes to −32.
  expect(problem(changed((header) => header.writeFloatLE(-1, srow(0, 0)))).message).toContain('64.0 apart');
  expect(problem(changed((header) => header.writeFloatLE(Number.NaN, srow(0, 0)))).code).toBe(
    'image-geometry',
  );
});

it('a header that tells no place is taken for right', () => {
  const path = changed((header) => {
    header.writeFloatLE(3, srow(2, 3));
    header.writeInt16LE(0, 252);
    header.writeInt16LE(0, 254);
  });
  expect(readAlongside(path, truth).affine).toBeUndefined();
});

it('names both files where they differ in shape', () => {
  const other = 'tests/fixtures/metrics/hippocampus_235_gt.nii.gz';
  const { code, message } = problem(other);
  expect(code).toBe('image-size');
  expect(message).toContain(other);
  expect(message).toContain(TRUTH);
});

it('lists label maps by name, and names their cases', () => {
  const names = labelMapsIn('tests/fixtures/metrics');
  expect(names).toContain('fluo008_gt.png');
  expect(names).not.toContain('expected.json');
  expect(names).toEqual(names.toSorted());
  expect([caseId('a.nii.gz'), caseId('b.c.png'), caseId('d.nii')]).toEqual(['a', 'b.c', 'd']);
});
