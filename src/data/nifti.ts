import { constants, gunzipSync, gzipSync, type ZlibOptions } from 'node:zlib';
import { isNIFTI, NIFTI1, NIFTI2, readHeader } from 'nifti-reader-js';
import { InputError } from '../errors.ts';
import { writeFileAtomic } from '../tensors/atomic-file.ts';
import { readBytes } from '../tensors/read-file.ts';

/** A scalar volume. Axes are NIfTI's reversed, slowest first: `data[(z * H + y) * W + x]`. */
export interface Volume {
  /** [D, H, W]: NIfTI's z, y, x. */
  readonly shape: readonly [number, number, number];
  /** Voxel size along D, H, W, in the file's unit (mm as a rule). */
  readonly spacing: readonly [number, number, number];
  /**
   * Three rows of four: from voxel x, y, z (NIfTI's axes) to its place in space, in the file's unit. Absent where the
   * header says nothing of it (both of its codes are 0).
   */
  readonly affine?: readonly (readonly number[])[];
  /** The values, after the header's scale and offset. */
  readonly data: Float32Array;
}

/** Bounds what one volume may take. */
const maxBytes = 2 ** 31;

/** The first part of a compressed file, which holds the header whatever it unfolds to. */
const HEADER_PART = 4096;

/** What may follow the voxels, in bytes. */
const SLACK = 2 ** 20;

type Reader = (view: DataView, offset: number, littleEndian: boolean) => number;

/** By NIfTI datatype code: bytes a voxel, and how to read one. */
const voxelTypes: ReadonlyMap<number, readonly [number, Reader]> = new Map<number, readonly [number, Reader]>(
  [
    [NIFTI1.TYPE_UINT8, [1, (view, at) => view.getUint8(at)]],
    [NIFTI1.TYPE_INT8, [1, (view, at) => view.getInt8(at)]],
    [NIFTI1.TYPE_UINT16, [2, (view, at, little) => view.getUint16(at, little)]],
    [NIFTI1.TYPE_INT16, [2, (view, at, little) => view.getInt16(at, little)]],
    [NIFTI1.TYPE_UINT32, [4, (view, at, little) => view.getUint32(at, little)]],
    [NIFTI1.TYPE_INT32, [4, (view, at, little) => view.getInt32(at, little)]],
    [NIFTI1.TYPE_FLOAT32, [4, (view, at, little) => view.getFloat32(at, little)]],
    [NIFTI1.TYPE_UINT64, [8, (view, at, little) => Number(view.getBigUint64(at, little))]],
    [NIFTI1.TYPE_INT64, [8, (view, at, little) => Number(view.getBigInt64(at, little))]],
    [NIFTI1.TYPE_FLOAT64, [8, (view, at, little) => view.getFloat64(at, little)]],
  ],
);

/**
 * Reads a scalar NIfTI-1 or NIfTI-2 volume (`.nii`, or `.nii.gz` compressed). Orientation is not applied:
 * voxels stay in the file's order, as nnU-Net reads them.
 *
 * @throws InputError `file-not-found`, `not-a-file`, `cannot-read`; `bad-nifti` when it is not NIfTI,
 *   truncated, of a voxel type that is not a real number, or has more than three dimensions
 */
export function readNifti(path: string): Volume {
  const { bytes, header } = openVolume(path);
  const shape = shapeOf(path, header);
  const voxels = shape[0] * shape[1] * shape[2];
  const [size, read] = voxelTypeOf(path, header);
  const start = header.vox_offset;
  if (!(start >= 0) || start + voxels * size > bytes.byteLength) {
    const expected = `${voxels * size} bytes of voxels from byte ${start}`;
    throw bad(path, `is truncated: ${expected} expected, ${bytes.byteLength} bytes there`);
  }
  // The standard: a slope of 0 means that values are not scaled.
  const scaled = Number.isFinite(header.scl_slope) && header.scl_slope !== 0;
  const slope = scaled ? header.scl_slope : 1;
  const offset = scaled && Number.isFinite(header.scl_inter) ? header.scl_inter : 0;
  const view = new DataView(bytes);
  const data = new Float32Array(voxels);
  for (let i = 0; i < voxels; i++)
    data[i] = read(view, start + i * size, header.littleEndian) * slope + offset;
  const placed = header.qform_code > 0 || header.sform_code > 0;
  const volume = { shape, spacing: spacingOf(path, header), data };
  return placed ? { ...volume, affine: header.affine.slice(0, 3) } : volume;
}

/** The uncompressed bytes of a file and its header. */
function openVolume(path: string): { bytes: ArrayBuffer; header: NIFTI1 | NIFTI2 } {
  const file = readBytes(path, 'a NIfTI volume');
  // The header first: it tells how much there is to unfold.
  const start = headerIn(path, file);
  if (!isCompressed(file)) return start;
  const most = { maxOutputLength: fileSizeOf(path, start.header) + SLACK };
  return { ...start, bytes: decompress(path, file, most) };
}

/** The header of a file, and the uncompressed bytes that it stands in; of a compressed file these are the first ones. */
function headerIn(path: string, file: Uint8Array): { bytes: ArrayBuffer; header: NIFTI1 | NIFTI2 } {
  if (file.length === 0) throw bad(path, 'is empty: 0 bytes');
  const bytes = isCompressed(file)
    ? decompress(path, file.subarray(0, HEADER_PART), { finishFlush: constants.Z_SYNC_FLUSH })
    : new Uint8Array(file).buffer;
  return { bytes, header: headerOf(path, bytes) };
}

const isCompressed = (file: Uint8Array) => file[0] === 0x1f && file[1] === 0x8b;

function headerOf(path: string, bytes: ArrayBuffer): NIFTI1 | NIFTI2 {
  if (!isNIFTI(bytes)) throw bad(path, 'is not a NIfTI file (no NIfTI magic number in its header)');
  try {
    return readHeader(bytes);
  } catch (error) {
    throw bad(path, `has a damaged NIfTI header (${error instanceof Error ? error.message : error})`);
  }
}

/** The bytes that a file with this header has, uncompressed. */
function fileSizeOf(path: string, header: NIFTI1 | NIFTI2): number {
  const [depth, height, width] = shapeOf(path, header);
  const [size] = voxelTypeOf(path, header);
  const bytes = header.vox_offset + depth * height * width * size;
  if (!(bytes >= 0 && bytes <= maxBytes))
    throw bad(path, `tells of ${bytes} bytes; at most ${maxBytes} are read`);
  return bytes;
}

function voxelTypeOf(path: string, header: NIFTI1 | NIFTI2): readonly [number, Reader] {
  const type = voxelTypes.get(header.datatypeCode);
  if (type === undefined) {
    throw bad(path, `has voxels of NIfTI datatype ${header.datatypeCode}; real integers and floats are read`);
  }
  return type;
}

function bad(path: string, problem: string): InputError {
  return new InputError('bad-nifti', `${path}: ${problem}`, 'export it again as a scalar 3D NIfTI volume');
}

/** Node's own gunzip, since it checks the length and the checksum that end a gzip file. */
function decompress(path: string, bytes: Uint8Array, options: ZlibOptions): ArrayBuffer {
  try {
    // A copy: Node's buffers share their memory with others, and the header is read from byte 0.
    return new Uint8Array(gunzipSync(bytes, options)).buffer;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE')
      throw bad(path, 'unfolds to more than the voxels that its header tells of');
    throw bad(path, `cannot be decompressed (${error instanceof Error ? error.message : error}); truncated?`);
  }
}

function shapeOf(path: string, header: NIFTI1 | NIFTI2): [number, number, number] {
  const rank = header.dims[0];
  const sizes = [1, 2, 3, 4, 5, 6, 7].map((axis) => (axis <= rank ? header.dims[axis] : 1));
  const valid = sizes.every((size) => Number.isInteger(size) && size >= 1);
  if (!(rank >= 1 && rank <= 7) || !valid || sizes.slice(3).some((size) => size !== 1)) {
    const found = header.dims.slice(1, Math.max(rank, 0) + 1).join('×');
    throw bad(path, `has dimensions ${found} (rank ${rank}); a volume of up to three is expected`);
  }
  return [sizes[2], sizes[1], sizes[0]];
}

function spacingOf(path: string, header: NIFTI1 | NIFTI2): [number, number, number] {
  const [x, y, z] = [1, 2, 3].map((axis) => (axis <= header.dims[0] ? Math.abs(header.pixDims[axis]) : 1));
  if (![x, y, z].every((size) => Number.isFinite(size) && size > 0)) {
    throw bad(path, `has voxel sizes ${[x, y, z].join(', ')}; they must be positive`);
  }
  return [z, y, x];
}

/**
 * Writes class ids as an 8-bit NIfTI volume with the geometry of another file, as a rule the image they
 * were predicted for: its header is kept but for voxel type and scale. Compressed where `path` ends in `.gz`.
 *
 * @param labels [D, H, W], as many as `like` has voxels, 0 to 255
 * @param like path of the volume whose header is taken
 * @throws InputError as {@link readNifti} for `like`; `cannot-write`; RangeError where labels do not fit
 */
export function writeNiftiLabels(path: string, labels: Int32Array | Uint8Array, like: string): void {
  const { bytes, header } = headerIn(like, readBytes(like, 'a NIfTI volume'));
  const [depth, height, width] = shapeOf(like, header);
  if (labels.length !== depth * height * width) {
    throw new RangeError(`${labels.length} labels for a volume of ${width}×${height}×${depth}`);
  }
  const wrong = labels.find((label) => label < 0 || label > 255);
  if (wrong !== undefined) throw new RangeError(`class id ${wrong} does not fit 8 bits`);
  const head = labelHeader(bytes, header);
  const file = new Uint8Array(head.length + labels.length);
  file.set(head);
  file.set(labels, head.length);
  writeFileAtomic(path, path.endsWith('.gz') ? gzipSync(file) : file);
}

/** A header for unscaled uint8 voxels without extensions; field offsets are those of nifti1.h and nifti2.h. */
function labelHeader(bytes: ArrayBuffer, header: NIFTI1 | NIFTI2): Uint8Array {
  const second = header instanceof NIFTI2;
  const size = second ? 544 : 352;
  const head = bytes.slice(0, size);
  const view = new DataView(head);
  const little = header.littleEndian;
  view.setInt16(second ? 12 : 70, NIFTI1.TYPE_UINT8, little);
  view.setInt16(second ? 14 : 72, 8, little);
  if (second) {
    view.setBigInt64(168, BigInt(size), little);
    // scl_slope, scl_inter, cal_max, cal_min
    [1, 0, 0, 0].forEach((value, i) => {
      view.setFloat64(176 + 8 * i, value, little);
    });
  } else {
    for (const [offset, value] of [
      [108, size],
      [112, 1],
      [116, 0],
      [124, 0],
      [128, 0],
    ]) {
      view.setFloat32(offset, value, little);
    }
  }
  // No extension follows.
  view.setUint32(size - 4, 0);
  return new Uint8Array(head);
}
