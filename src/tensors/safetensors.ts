import { writeFileAtomic } from './atomic-file.ts';
import { type Safetensors, safetensorsChunks, tensorsOfHeader } from './safetensors-bytes.ts';
import { SafetensorsFile } from './safetensors-file.ts';
import type { Tensor } from './tensor.ts';

/**
 * Reads a safetensors file.
 *
 * @throws InputError `file-not-found`, `not-a-file` or `cannot-read`; `bad-safetensors` when the file is
 *   truncated or malformed in any way (see `parseSafetensors`)
 */
export function readSafetensors(path: string): Safetensors {
  // Tensor by tensor: files may exceed what one buffer can hold, and each array then lies aligned.
  return withFile(path, (file) => tensorsOfHeader(file.header, (begin, end) => file.bytes(begin, end)));
}

/**
 * The metadata of a safetensors file, whose tensors are not read.
 *
 * @throws InputError as {@link readSafetensors}
 */
export function readMetadata(path: string): Readonly<Record<string, string>> {
  return withFile(path, ({ header }) => header.metadata);
}

function withFile<T>(path: string, use: (file: SafetensorsFile) => T): T {
  const file = new SafetensorsFile(path);
  try {
    return use(file);
  } finally {
    file.close();
  }
}

/**
 * Writes a safetensors file, atomically. The same entries in the same order give the same bytes.
 *
 * @param entries name and tensor, in the order they are to be stored
 * @throws InputError `cannot-write`; JobError `write-failed`; Error on a repeated or reserved name, or where
 *   data and shape disagree
 */
export function writeSafetensors(
  path: string,
  entries: Iterable<readonly [string, Tensor]>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  writeFileAtomic(path, safetensorsChunks(entries, metadata));
}
