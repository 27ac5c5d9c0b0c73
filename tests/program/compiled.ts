import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ending } from '../../src/program/stored.ts';
import { archc, tree } from '../cli/archc.ts';

/** The files of a program that `archc compile` makes of a spec, by name. */
export async function compiled(folder: string, ...args: string[]): Promise<Map<string, Uint8Array>> {
  const result = await archc('compile', ...args, '--output', folder);
  expect(result.code, result.stderr).toBe(0);
  const names = tree(folder).filter((name) => !name.endsWith('/'));
  return new Map(names.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
}

/** Files with program.json changed. */
export function withJson(files: ReadonlyMap<string, Uint8Array>, json: string): Map<string, Uint8Array> {
  return new Map([...files, ['program.json', new TextEncoder().encode(json)]]);
}

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Files with a document that carries its own digest, as whoever forges one would write it. */
export function signed(files: ReadonlyMap<string, Uint8Array>, document: Json): Map<string, Uint8Array> {
  if (typeof document !== 'object' || document === null || !('sha256' in document))
    return withJson(files, JSON.stringify(document));
  const { sha256: _, ...rest } = document;
  const text = JSON.stringify(rest).slice(0, -1);
  return withJson(files, text + ending(createHash('sha256').update(text).digest('hex')));
}

export const jsonOf = (files: ReadonlyMap<string, Uint8Array>): string =>
  new TextDecoder().decode(files.get('program.json'));

/** A device that must not be touched. */
export const untouchable = new Proxy({} as GPUDevice, {
  get(_, key) {
    throw new Error(`the device was asked for ${String(key)}`);
  },
});
