import { createHash, randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { KernelCache } from '../wasm/compile/kernel-cache.ts';
import { translatorVersion } from './translator-version.ts';

type Kept = ReturnType<KernelCache>;

/** Bytes of all entries, beyond which the longest unused ones go. A network that trains takes about 2 MiB. */
const MOST = 64 * 2 ** 20;
/** Milliseconds after which a use of an entry is noted, and a file that was left half written goes. */
const DAY = 24 * 3600 * 1000;
const DIGEST_BYTES = 32;

/**
 * Keeps compiled kernels in a folder, one file each, named by a digest of the kernel's text, the options and the
 * translator's version. A file begins with a digest of the rest: one that is damaged is made anew. Files appear whole,
 * by renaming, so that several processes may use the folder at once. Where it cannot be written, nothing is kept.
 *
 * @param most bytes of all files
 */
export function kernelCacheIn(folder: string, most = MOST): KernelCache {
  // From sources it takes reading them: nobody waits for that who compiles no kernel.
  let version: string | undefined;
  const room = new Room(folder, most);
  return (wgsl, options, compile) => {
    version ??= translatorVersion();
    const { bounds, relaxed, address = 32 } = options;
    const key = sha256(JSON.stringify([version, bounds, relaxed, address, wgsl])).toString('hex');
    const path = join(folder, key);
    const known = read(path, key);
    if (known) return known;
    const { name: _, ...kernel } = compile();
    room.write(path, encode(key, kernel));
    return kernel;
  };
}

const sha256 = (data: string | Uint8Array): Buffer => createHash('sha256').update(data).digest();

function encode(key: string, { code, ...rest }: Kept): Uint8Array {
  const header = Buffer.from(`${JSON.stringify({ key, ...rest })}\n`);
  const content = Buffer.concat([header, code]);
  return Buffer.concat([sha256(content), content]);
}

/** The kernel of an entry; none where there is no such file, or it is not what was written. */
function read(path: string, key: string): Kept | undefined {
  try {
    const bytes = readFileSync(path);
    const content = bytes.subarray(DIGEST_BYTES);
    if (!sha256(content).equals(bytes.subarray(0, DIGEST_BYTES))) return undefined;
    const end = content.indexOf('\n');
    const { key: found, ...rest } = JSON.parse(content.toString('utf8', 0, end)) as Omit<Kept, 'code'> & {
      readonly key: string;
    };
    if (found !== key) return undefined;
    noteUse(path);
    return { ...rest, code: Uint8Array.from(content.subarray(end + 1)) };
  } catch {
    return undefined;
  }
}

function noteUse(path: string): void {
  const now = Date.now();
  if (now - statSync(path).mtimeMs > DAY) utimesSync(path, now / 1000, now / 1000);
}

function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It cannot be there.
  }
}

/** The folder's files and their bytes, as far as this process knows. */
class Room {
  private readonly folder: string;
  private readonly most: number;
  /** Bytes of all files; unknown until the first is written. */
  private total: number | undefined;
  private isWritable = true;

  constructor(folder: string, most: number) {
    this.folder = folder;
    this.most = most;
  }

  write(path: string, bytes: Uint8Array): void {
    if (!this.isWritable) return;
    const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
    try {
      mkdirSync(this.folder, { recursive: true });
      writeFileSync(temporary, bytes, { flag: 'wx' });
      renameSync(temporary, path);
      if (this.total === undefined) this.tidy();
      else this.total += bytes.length;
      if (this.total! > this.most) this.tidy();
    } catch {
      // No space, no permission, a file in the place of the folder: each run then compiles for itself.
      this.isWritable = false;
      discard(temporary);
    }
  }

  /** Counts; where there is too much, the longest unused files go until three quarters are left. */
  private tidy(): void {
    const now = Date.now();
    const files = readdirSync(this.folder).flatMap((name) => {
      const path = join(this.folder, name);
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats?.isFile() ? [{ path, size: stats.size, used: stats.mtimeMs }] : [];
    });
    let total = files.reduce((n, f) => n + f.size, 0);
    const enough = total > this.most ? (3 / 4) * this.most : total;
    for (const { path, size, used } of files.sort((a, b) => a.used - b.used)) {
      const isLeftOver = path.includes('.', this.folder.length) && now - used > DAY;
      if (total <= enough && !isLeftOver) continue;
      rmSync(path, { force: true });
      total -= size;
    }
    this.total = total;
  }
}
