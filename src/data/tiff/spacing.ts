import { existsSync } from 'node:fs';
import { InputError } from '../../errors.ts';
import { writeFileAtomic } from '../../tensors/atomic-file.ts';
import { readBytes } from '../../tensors/read-file.ts';

type Spacing = readonly [number, number, number];

const ENDING = /\.tiff?$/i;

/**
 * The file beside a TIFF file that says how large its voxels are, as in nnU-Net: `<case>.json` of the image
 * `<case>_0000.tif` and of the label map `<case>.tif`. `undefined` where there is none.
 */
export function spacingFile(path: string): string | undefined {
  const stem = path.replace(ENDING, '');
  return [stem.replace(/_\d{4}$/, ''), stem].map((name) => `${name}.json`).find((name) => existsSync(name));
}

/**
 * Voxel size along D, H, W of a TIFF file; 1 where nothing is said of it.
 *
 * @throws InputError `bad-spacing` where the file beside it does not hold three positive numbers; as readBytes
 */
export function readSpacing(path: string): Spacing {
  const file = spacingFile(path);
  if (file === undefined) return [1, 1, 1];
  const text = new TextDecoder().decode(readBytes(file, 'the spacing of a TIFF image'));
  let spacing: unknown;
  try {
    spacing = (JSON.parse(text) as { spacing?: unknown } | null)?.spacing;
  } catch {
    // Told below.
  }
  const isSize = (size: unknown) => Number.isFinite(size) && (size as number) > 0;
  if (Array.isArray(spacing) && spacing.length === 3 && spacing.every(isSize))
    return [spacing[0], spacing[1], spacing[2]];
  throw new InputError(
    'bad-spacing',
    `${file}: does not say how large the voxels of ${path} are`,
    '{"spacing": [z, y, x]}, three positive numbers, the distance of slices first',
  );
}

/** Writes what {@link readSpacing} reads, beside a label map. */
export function writeSpacing(path: string, spacing: Spacing): void {
  writeFileAtomic(path.replace(ENDING, '.json'), `${JSON.stringify({ spacing })}\n`);
}
