import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FileAccess } from '../language/index.ts';
import { isRegularFile, readBytes } from '../tensors/read-file.ts';

/** The specs that come with archc; `archc/lib/nn.arch` in an import names one of them. */
export const shippedSpecs = fileURLToPath(new URL('../../specs/', import.meta.url));

/** Names of the networks that come with archc, as commands take them, in order. */
export function shippedNames(): string[] {
  const files = readdirSync(shippedSpecs).filter((file) => file.endsWith('.arch'));
  return files.map((file) => file.slice(0, -'.arch'.length)).sort();
}

/** A file beyond this is not read to be told that it is too long. */
export const MAX_SPEC_BYTES = 2 ** 24;

/** Reads specs from disk. Paths are as the user wrote them, imports relative to the importing file. */
export const nodeFiles: FileAccess = {
  read(file) {
    if (!isRegularFile(file)) return undefined;
    return Buffer.from(readBytes(file, 'a spec', MAX_SPEC_BYTES)).toString('utf8');
  },
  library: () =>
    readdirSync(path.join(shippedSpecs, 'lib'))
      .filter((file) => file.endsWith('.arch'))
      .sort()
      .map((file) => `archc/lib/${file}`),
  resolve(from, spec) {
    if (spec.startsWith('archc/')) return path.join(shippedSpecs, spec.slice('archc/'.length));
    return path.isAbsolute(spec) ? path.normalize(spec) : path.join(path.dirname(from), spec);
  },
};
