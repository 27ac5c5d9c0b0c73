import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { readNifti, writeNiftiLabels } from './nifti.ts';
import { nifti } from './testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'nifti-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'volume.nii');

const counting =
  (little = true) =>
  (view: DataView, at: number) => {
    for (let i = 0; i < 12; i++) view.setInt16(at + 2 * i, i - 3, little);
  };
const ramp = Array.from({ length: 12 }, (_, i) => i - 3);

function messageOf(bytes: Uint8Array): string {
  writeFileSync(path, bytes);
  try {
    readNifti(path);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message;
  }
  throw new Error('nothing was thrown');
}

describe('readNifti', () => {
  it('reverses axes and spacing, x fastest, in either byte order, compressed or not', () => {
    for (const little of [true, false]) {
      const bytes = nifti({ little }, counting(little), 24);
      for (const stored of [bytes, gzipSync(bytes)]) {
        writeFileSync(path, stored);
        const { shape, spacing, data } = readNifti(path);
        expect([shape, spacing]).toEqual([
          [2, 3, 2],
          [3, 2, 0.5],
        ]);
        expect([...data]).toEqual(ramp);
      }
    }
  });

  it('applies scale and offset unless the scale is 0', () => {
    writeFileSync(path, nifti({ slope: 0.5, inter: 10 }, counting(), 24));
    expect([...readNifti(path).data]).toEqual(ramp.map((value) => value * 0.5 + 10));
    writeFileSync(path, nifti({ slope: 0, inter: 10 }, counting(), 24));
    expect([...readNifti(path).data]).toEqual(ramp);
  });

  it('reads 2D and 4D files of one volume', () => {
    writeFileSync(path, nifti({ dims: [2, 4, 3] }, counting(), 24));
    expect(readNifti(path)).toMatchObject({ shape: [1, 3, 4], spacing: [1, 2, 0.5] });
    writeFileSync(path, nifti({ dims: [4, 2, 3, 2, 1] }, counting(), 24));
    expect(readNifti(path).shape).toEqual([2, 3, 2]);
  });

  it('refuses what is not a whole scalar volume, naming the file', () => {
    const good = nifti({}, counting(), 24);
    expect(messageOf(new Uint8Array(0))).toContain('is empty: 0 bytes');
    expect(messageOf(new TextEncoder().encode('text'.repeat(200)))).toContain(`${path}: is not a NIfTI file`);
    expect(messageOf(good.slice(0, 375))).toContain('is truncated: 24 bytes');
    expect(messageOf(gzipSync(good).subarray(0, 60))).toContain('cannot be decompressed');
    expect(messageOf(nifti({ dims: [4, 2, 3, 1, 2] }, counting(), 24))).toContain('2×3×1×2 (rank 4)');
    expect(messageOf(nifti({ dims: [3, 2, -3, 2] }, counting(), 24))).toContain('dimensions 2×-3×2');
    expect(messageOf(nifti({ type: 128, bits: 24 }, counting(), 36))).toContain('NIfTI datatype 128');
    expect(messageOf(nifti({ pixDims: [1, 1, 0, 1] }, counting(), 24))).toContain('must be positive');
  });

  it('reads real volumes', () => {
    const { shape, data } = readNifti('tests/fixtures/metrics/hippocampus_177_pred.nii.gz');
    expect(data.length).toBe(shape[0] * shape[1] * shape[2]);
    expect(new Set(data)).toEqual(new Set([0, 1, 2]));
    expect(readFileSync('tests/fixtures/metrics/hippocampus_177_pred.nii.gz')[0]).toBe(0x1f);
  });
});

describe('writeNiftiLabels', () => {
  const like = 'tests/fixtures/metrics/hippocampus_177_gt.nii.gz';

  it('keeps the geometry of the image and drops its scale', () => {
    const target = join(folder, 'labels.nii.gz');
    for (const little of [true, false]) {
      writeFileSync(path, nifti({ slope: 0.25, inter: 7, little }, counting(little), 24));
      const labels = Int32Array.from({ length: 12 }, (_, i) => (i === 11 ? 255 : i));
      writeNiftiLabels(target, labels, path);
      expect(readNifti(target)).toEqual({ ...readNifti(path), data: Float32Array.from(labels) });
    }
    const original = readNifti(like);
    writeNiftiLabels(target, Int32Array.from(original.data), like);
    expect(readNifti(target)).toEqual(original);
    const headers = [like, target].map((file) => gunzipSync(readFileSync(file)));
    // From dim_info to dims, pixdim, and from qform_code to the affine's last row.
    for (const [from, to] of [
      [39, 70],
      [76, 108],
      [252, 328],
    ]) {
      expect(headers[1].subarray(from, to)).toEqual(headers[0].subarray(from, to));
    }
    expect(headers[1].length).toBe(352 + original.data.length);
  });

  it('works from NIfTI-2', () => {
    const view = new DataView(new ArrayBuffer(544 + 12));
    view.setInt32(0, 540, true);
    [0x6e, 0x2b, 0x32, 0, 0x0d, 0x0a, 0x1a, 0x0a].forEach((byte, i) => {
      view.setUint8(4 + i, byte);
    });
    view.setInt16(12, 256, true);
    view.setInt16(14, 8, true);
    [3, 2, 3, 2, 1, 1, 1, 1].forEach((size, i) => {
      view.setBigInt64(16 + 8 * i, BigInt(size), true);
      view.setFloat64(104 + 8 * i, 1.5, true);
    });
    view.setBigInt64(168, 544n, true);
    for (let i = 0; i < 12; i++) view.setInt8(544 + i, i - 3);
    writeFileSync(path, new Uint8Array(view.buffer));
    const volume = readNifti(path);
    expect([...volume.data]).toEqual(ramp);
    const target = join(folder, 'second.nii');
    writeNiftiLabels(target, new Int32Array(12).fill(3), path);
    expect(readNifti(target)).toEqual({ ...volume, data: new Float32Array(12).fill(3) });
  });

  it('refuses labels that do not fit', () => {
    expect(() => writeNiftiLabels(path, new Int32Array(5), like)).toThrow(
      /5 labels for a volume of 33×44×40/,
    );
    expect(() => writeNiftiLabels(path, new Int32Array(33 * 44 * 40).fill(-1), like)).toThrow(/class id -1/);
  });
});
