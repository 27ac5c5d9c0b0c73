import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** Of `src`, the files that decide which bytes are made of a kernel: they import each other only. */
export function translatorFiles(src: URL): string[] {
  const folders = ['wasm/compile', 'wasm/encode', 'wasm/wgsl'].flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, src))
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .sort()
      .map((name) => `${folder}/${name}`),
  );
  return [...folders, 'math.ts', 'runtime/wasm/memory-map.ts'];
}

/** Digest of names and contents of the translator's sources in the folder `src` of some checkout. */
export function translatorDigest(src: URL): string {
  const hash = createHash('sha256');
  for (const path of translatorFiles(src)) {
    const text = readFileSync(new URL(path, src));
    hash.update(`${path} ${text.length}\n`).update(text);
  }
  return hash.digest('hex').slice(0, 32);
}

/** What tells translators apart that may make different bytes. Builds hold the value in the place of this module. */
export const translatorVersion = (): string => translatorDigest(new URL('../', import.meta.url));
