import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { unzipSync, zipSync } from 'fflate';
import { InputError } from '../../src/errors.ts';
import { bytesOfTensor } from '../../src/tensors/tensor.ts';
import { readTorchCheckpoint } from '../../src/tensors/torch-checkpoint.ts';

const fixture = (name: string) =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../fixtures/checkpoints/${name}`, import.meta.url))));

/** Where to change a file (as a share of it), and into what. */
const changes = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    kind: fc.constantFrom('set', 'insert', 'remove', 'copy', 'cut'),
    // Bytes that mean something in a pickle or a zip archive come up more often.
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    to: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  }),
  { minLength: 1, maxLength: 4 },
);

type Changes = typeof changes extends fc.Arbitrary<infer T> ? T : never;

function changed(file: Uint8Array, list: Changes): Uint8Array {
  let bytes = [...file];
  for (const { at: share, kind, bytes: given, to } of list) {
    const at = Math.floor(share * bytes.length);
    const other = Math.floor(to * bytes.length);
    if (kind === 'set') bytes.splice(at, given.length, ...given);
    else if (kind === 'insert') bytes.splice(at, 0, ...given);
    else if (kind === 'remove') bytes.splice(at, given.length);
    else if (kind === 'copy') bytes.splice(at, 16, ...bytes.slice(other, other + 16));
    else bytes = bytes.slice(0, Math.max(at, 1));
  }
  return Uint8Array.from(bytes);
}

const zip = fixture('views.pth');
/** The legacy file's pickles alone: what its reader decides on before any storage. */
const legacy = fixture('vmamba-legacy.pth').slice(0, 60_000);

/** Ways to damage a checkpoint: anywhere in the archive, in the pickle of a whole archive, in a legacy file. */
const damaged: Readonly<Record<string, (list: Changes) => Uint8Array>> = {
  'an archive': (list) => changed(zip, list),
  'the pickle of an archive': (list) => {
    const files = unzipSync(zip);
    const name = Object.keys(files).find((n) => n.endsWith('/data.pkl'))!;
    return zipSync({ ...files, [name]: changed(files[name], list) }, { level: 0 });
  },
  'a legacy file': (list) => changed(legacy, list),
};

export const damages = Object.keys(damaged);

/** Damages a checkpoint in many ways. Each gives tensors within bounds, or an InputError. */
export function fuzzCheckpoints(how: string, numRuns: number): void {
  const folder = mkdtempSync(join(tmpdir(), 'archc-fuzz-'));
  const path = join(folder, 'damaged.pth');
  try {
    fc.assert(
      fc.property(changes, (list) => {
        const bytes = damaged[how](list);
        writeFileSync(path, bytes);
        try {
          const tensors = readTorchCheckpoint(path);
          let size = 0;
          for (const t of tensors.values()) size += bytesOfTensor(t).length;
          return size <= 80 * bytes.length + 128 * 2 ** 20;
        } catch (error) {
          if (error instanceof InputError) return true;
          throw error;
        }
      }),
      { seed: 20, numRuns },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
